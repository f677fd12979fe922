"""Retraining outside of the administration: one customer re-learnt from his page."""

from __future__ import annotations

from django.urls import path

from mlcore.retraining.views import own_head

app_name = "retraining"
urlpatterns = [path("customers/<uuid:public_id>/own-head/", own_head, name="own_head")]

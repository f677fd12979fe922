from __future__ import annotations

from django.urls import path

from verification import views

app_name = "verification"

urlpatterns = [
    path("verify/", views.verify, name="verify"),
    path("verify/search/", views.search, name="search"),
    path("verify/preview/", views.preview, name="preview"),
    path("verify/<uuid:public_id>/", views.verify_customer, name="verify_customer"),
    path("verifications/", views.verification_list, name="list"),
    path("verifications/<uuid:public_id>/", views.detail, name="detail"),
    path("verifications/<uuid:public_id>/image.png", views.image, name="image"),
]

from __future__ import annotations

from django.urls import include, path

from customers.views import browse, enrol, retiring, search, specimens

pages = [
    path("customers/", browse.customer_list, name="list"),
    path("customers/search/", search.search, name="search"),
    path("customers/enrol/", enrol.enrol, name="enrol"),
    path("customers/drafts/", enrol.draft_add, name="draft_add"),
    path("customers/drafts/<uuid:public_id>/", enrol.draft_remove, name="draft_remove"),
    path("customers/drafts/<uuid:public_id>/leaf/", enrol.draft_leaf, name="draft_leaf"),
    path("customers/<uuid:public_id>/", browse.customer_detail, name="detail"),
    path("customers/<uuid:public_id>/edit/", browse.customer_edit, name="edit"),
    path("customers/<uuid:public_id>/enrol/", enrol.enrol_more, name="enrol_more"),
    path("specimens/retire/", retiring.retire_several, name="retire_several"),
    path("specimens/<uuid:public_id>/image.png", specimens.specimen_image, name="specimen_image"),
    path("specimens/<uuid:public_id>/approve/", specimens.specimen_approve, name="specimen_approve"),
    path("specimens/<uuid:public_id>/retire/", specimens.specimen_retire, name="specimen_retire"),
]

urlpatterns = [
    path("", include((pages, "customers"))),
]

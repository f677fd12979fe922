from __future__ import annotations

from django.urls import path

from verification.views import agreement, approval, detail, identify, pictures, review, standing, vectors, verify

app_name = "verification"

urlpatterns = [
    path("verify/", verify.verify, name="verify"),
    path("verify/search/", verify.search, name="search"),
    path("verify/preview/", verify.preview, name="preview"),
    path("verify/<uuid:public_id>/", verify.verify_customer, name="verify_customer"),
    path("verifications/", detail.verification_list, name="list"),
    path("verifications/<uuid:public_id>/", detail.detail, name="detail"),
    path("verifications/<uuid:public_id>/decide/", review.decide, name="decide"),
    path("identify/", identify.identify, name="identify"),
    path("identify/<uuid:public_id>/", identify.identification, name="identification"),
    path("identify/<uuid:public_id>/image.png", identify.image, name="identification_image"),
    path("customers/<uuid:public_id>/standing/", standing.standing, name="standing"),
    path("approve/", approval.approve_several, name="approve_several"),
    path("customers/<uuid:public_id>/waiting/", approval.waiting, name="waiting"),
    path("verifications/<uuid:public_id>/beside/<uuid:specimen_id>.png", pictures.closer, name="closer"),
    path("vectors/", vectors.vectors, name="vectors"),
    path("verifications/<uuid:public_id>/nearby/", vectors.nearby, name="nearby"),
    path("agreement/", agreement.agreement, name="agreement"),
    path("review/", review.review, name="review"),
    path("review/blind/", review.blind, name="blind"),
    path("review/notice/", review.notice, name="notice"),
    path("verifications/<uuid:public_id>/image.png", pictures.image, name="image"),
]

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Specimen
from mlcore.models import Embedding, ModelVersion, Promotion
from mlcore.services import model_install, model_promote, specimen_embed
from sigweb.accounts.models import User
from tests.mlcore.bundles import make_bundle
from tests.mlcore.making import make_customer, make_specimen, make_user
from tests.mlcore.retraining.making import model_admin
from tests.mlcore.retraining.reports import make_gate

pytestmark = pytest.mark.django_db

LIST = reverse("admin:mlcore_modelversion_changelist")
RETRAIN = reverse("admin:mlcore_trainingrun_retrain")
ROLL_BACK = reverse("admin:mlcore_modelversion_roll_back")
REASON = "The branch in Hill Street has waited for it for a month."


@pytest.fixture
def mona() -> User:
    return model_admin(username="mona")


@pytest.fixture
def as_admin(client: Client, mona: User) -> Client:
    client.force_login(mona)
    return client


@pytest.fixture
def as_second() -> Client:
    client = Client()
    client.force_login(model_admin(username="otto"))
    return client


@pytest.fixture
def candidate(champion: ModelVersion) -> ModelVersion:
    directory = make_bundle(Path(settings.MODELS_DIR) / "candidate", name="candidate", seed=5)
    return model_install(directory=directory.name)[0]


def of(name: str, row: Any) -> str:
    return reverse(f"admin:mlcore_modelversion_{name}", args=[row.public_id])


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def asked(version: ModelVersion, by: User, **fields: Any) -> Promotion:
    champion = ModelVersion.objects.get(state="champion")
    return Promotion.objects.create(version=version, champion=champion, requested_by=by, **fields)


def test_the_list_leads_to_each_version_and_to_the_comparison(as_admin: Client, candidate: ModelVersion) -> None:
    page = text(as_admin.get(LIST))
    assert of("comparison", candidate) in page
    assert f"/{candidate.public_id}/change/" in page
    assert of("comparison", ModelVersion.objects.get(state="champion")) not in page


def chosen(*versions: ModelVersion, action: str = "retrain_from_here") -> dict[str, Any]:
    """The list's form as it is sent with these versions ticked."""
    return {"action": action, "_selected_action": [version.pk for version in versions]}


def test_from_the_list_one_retrains_from_the_champion_or_from_the_shipped_base(
    as_admin: Client, base: ModelVersion, champion: ModelVersion
) -> None:
    base.refresh_from_db()
    assert (base.state, champion.state) == ("retired", "champion")
    for version, start in ((champion, "champion"), (base, "base")):
        response = as_admin.post(LIST, chosen(version), follow=True)
        assert response.redirect_chain == [(f"{RETRAIN}?start={start}", 302)]
        assert re.findall(r'value="(\w+)" [^>]*checked', text(response)) == [start]


def test_a_shipped_base_that_is_champion_counts_as_champion(as_admin: Client, base: ModelVersion) -> None:
    assert as_admin.post(LIST, chosen(base)).headers["Location"] == f"{RETRAIN}?start=champion"


def test_from_anything_else_one_is_told_what_to_select(
    as_admin: Client, base: ModelVersion, champion: ModelVersion, candidate: ModelVersion
) -> None:
    earlier = ModelVersion.objects.create(
        name="earlier base", directory="base", digest="e" * 64, installed_at=base.installed_at
    )
    ModelVersion.objects.filter(pk=earlier.pk).update(installed_at=base.installed_at - timedelta(days=1))
    for versions in ((candidate,), (earlier,), (champion, base), (champion, base, candidate)):
        response = as_admin.post(LIST, chosen(*versions), follow=True)
        assert response.redirect_chain == [(LIST, 302)]
        assert "select one of these, and only it" in text(response)


def test_the_list_offers_no_other_action_and_this_one_to_those_who_may_start(
    as_admin: Client, client: Client, champion: ModelVersion
) -> None:
    assert re.findall(r'<option value="(\w+)"', text(as_admin.get(LIST))) == ["retrain_from_here"]
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    assert "delete_selected" not in text(root.get(LIST))
    root.post(LIST, {**chosen(champion, action="delete_selected"), "post": "yes"})
    assert ModelVersion.objects.filter(pk=champion.pk).exists()
    client.force_login(model_admin("mlcore.view_modelversion"))
    assert "retrain_from_here" not in text(client.get(LIST))
    assert client.post(LIST, chosen(champion)).headers.get("Location") != f"{RETRAIN}?start=champion"


def test_a_versions_page_tells_what_it_is(as_admin: Client, champion: ModelVersion) -> None:
    specimen_embed(specimen=make_specimen(make_customer()))
    page = text(as_admin.get(of("change", champion)))
    assert champion.digest in page
    assert "<dt>Vectors stored</dt><dd>1</dd>" in page
    assert reverse("admin:mlcore_trainingrun_retrain") in page
    assert "Roll back" not in page


def test_a_comparison_shows_both_side_by_side(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion)
    page = text(as_admin.get(of("comparison", candidate)))
    assert "It passes." in page
    assert "-1.5 points of error" in page
    assert "Customers held out, 2 specimens, against skilled forgeries" in page
    assert "<td>6.2 %</td><td>4.7 %</td>" in page
    assert '<span class="rt-better">−1.5</span> <span class="rt-interval">(−2.4 … −0.6)</span>' in page
    assert '<span class="rt-worse">+0.2</span>' in page
    assert 'id="comparison-det"' in page
    assert 'id="comparison-histograms"' in page
    assert "FAR at the threshold of a match" in page
    assert "3.9 MB" in page
    assert "Of the last 500 verifications, 3 would have come out otherwise." in page
    assert "<dt>refer → match</dt><dd>2</dd>" in page
    assert "Synthetic signers, 5 specimens, against skilled forgeries" in page


@pytest.mark.parametrize("part", ["trials", "det", "histograms", "calibration", "sentences"])
def test_a_part_that_is_missing_is_said_to_be(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion, part: str
) -> None:
    make_gate(candidate, champion)
    whole = text(as_admin.get(of("comparison", candidate))).count("Not measured.")
    candidate.gates.all().delete()
    make_gate(candidate, champion, **{part: None})
    response = as_admin.get(of("comparison", candidate))
    assert response.status_code == 200
    assert text(response).count("Not measured.") == whole + (part != "sentences")


def test_speed_size_and_shadow_may_be_missing(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    gate = make_gate(candidate, champion, speed=None, size=None)
    gate.shadow = {}
    gate.save()
    assert text(as_admin.get(of("comparison", candidate))).count("Not measured.") == 2


def test_a_version_that_was_never_measured_says_so(as_admin: Client, candidate: ModelVersion) -> None:
    page = text(as_admin.get(of("comparison", candidate)))
    assert "never measured on the same trials" in page
    assert "Promote all the same…" in page


def test_links_to_verifications_are_for_those_who_may_see_them(
    as_admin: Client, mona: User, champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion)
    assert "/verifications/5f0c1a0e" not in text(as_admin.get(of("comparison", candidate)))
    both = Client()
    both.force_login(model_admin("mlcore.view_modelversion", "verification.view_verification"))
    assert "/verifications/5f0c1a0e" in text(both.get(of("comparison", candidate)))


def test_what_the_gate_lets_pass_is_promoted_by_one_click(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion)
    page = text(as_admin.post(of("promote", candidate), follow=True))
    assert "The promotion has begun" in page
    assert "0 of 0 vectors" in page
    assert f'hx-get="{of("promotion", candidate)}" hx-trigger="every 2s"' in page
    assert Promotion.objects.get().state == "queued"


def test_a_second_click_asks_for_no_second_promotion(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion)
    as_admin.post(of("promote", candidate))
    assert "under way" in text(as_admin.post(of("promote", candidate), follow=True))
    assert Promotion.objects.count() == 1


def test_against_the_gate_a_reason_and_a_second_administrator_are_needed(
    as_admin: Client, as_second: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion, promotable=False)
    address = of("promote", candidate)
    assert "Promote all the same…" in text(as_admin.get(of("comparison", candidate)))
    assert "give a reason" in text(as_admin.post(address, follow=True))
    assert "Give a reason" in text(as_admin.post(address, {"override": "yes", "reason": " "}))
    assert not Promotion.objects.exists()
    page = text(as_admin.post(address, {"override": "yes", "reason": REASON}, follow=True))
    assert "whoever asked can not" in page
    assert "hx-trigger" not in page
    promotion = Promotion.objects.get()
    assert of("approve", promotion) not in page
    assert "Somebody else has to approve" in text(as_admin.post(of("approve", promotion), follow=True))
    other = text(as_second.get(of("comparison", candidate)))
    assert REASON in other
    assert of("approve", promotion) in other
    assert "Approved." in text(as_second.post(of("approve", promotion), follow=True))
    promotion.refresh_from_db()
    assert promotion.state == "queued"
    assert "does not wait for approval any more" in text(as_second.post(of("approve", promotion), follow=True))


def test_an_open_promotion_is_cancelled_once(
    as_admin: Client, mona: User, champion: ModelVersion, candidate: ModelVersion
) -> None:
    promotion = asked(candidate, mona, state="queued")
    assert "Cancelled; the champion is unchanged." in text(as_admin.post(of("cancel", promotion), follow=True))
    promotion.refresh_from_db()
    assert promotion.state == "cancelled"
    assert "has ended already" in text(as_admin.post(of("cancel", promotion), follow=True))


def test_the_panel_renews_itself_while_vectors_are_made_and_then_loads_the_page_anew(
    as_admin: Client, mona: User, candidate: ModelVersion
) -> None:
    promotion = asked(candidate, mona, state="running", done=120, total=400)
    going = as_admin.get(of("promotion", candidate))
    assert "120 of 400 vectors" in text(going)
    assert "every 2s" in text(going)
    assert "HX-Refresh" not in going.headers
    Promotion.objects.filter(pk=promotion.pk).update(state="failed", message="The disk is full.")
    ended = as_admin.get(of("promotion", candidate))
    assert ended.headers["HX-Refresh"] == "true"
    assert "every 2s" not in text(ended)
    assert "The disk is full." in text(ended)


def test_one_promotion_at_a_time_is_pointed_to(
    as_admin: Client, mona: User, champion: ModelVersion, candidate: ModelVersion
) -> None:
    directory = make_bundle(Path(settings.MODELS_DIR) / "third", name="third", seed=6)
    third = model_install(directory=directory.name)[0]
    make_gate(candidate, champion)
    asked(third, mona, state="running")
    page = text(as_admin.get(of("comparison", candidate)))
    assert "Another promotion is open, that of third" in page
    assert of("promote", candidate) not in page


def test_a_gate_against_an_earlier_champion_lets_nothing_pass(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion)
    directory = make_bundle(Path(settings.MODELS_DIR) / "third", name="third", seed=6)
    model_promote(version=model_install(directory=directory.name)[0])
    page = text(as_admin.get(of("comparison", candidate)))
    assert "which is not the champion any more" in page
    assert "Promote all the same…" in page


def test_rolling_back_is_one_click_and_a_second_one_goes_nowhere(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    model_promote(version=candidate)
    assert "Roll back to tiny…" in text(as_admin.get(of("change", candidate)))
    choice = {"champion": str(candidate.public_id)}
    assert "Rolled back: tiny is the champion again." in text(as_admin.post(ROLL_BACK, choice, follow=True))
    champion.refresh_from_db()
    assert champion.state == "champion"
    assert "Nothing was done: candidate is not the champion any more." in text(
        as_admin.post(ROLL_BACK, choice, follow=True)
    )
    champion.refresh_from_db()
    assert champion.state == "champion"


def test_there_may_be_nothing_to_go_back_to(as_admin: Client, champion: ModelVersion) -> None:
    page = text(as_admin.post(ROLL_BACK, {"champion": str(champion.public_id)}, follow=True))
    assert "no earlier model version" in page
    assert as_admin.post(ROLL_BACK, {"champion": "x"}).status_code == 404
    assert as_admin.post(ROLL_BACK).status_code == 404


def test_vectors_of_a_retired_version_are_removed(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    specimen_embed(specimen=make_specimen(make_customer()), version=candidate)
    ModelVersion.objects.filter(pk=candidate.pk).update(state="retired")
    assert "Remove 1 vector?" in text(as_admin.get(of("change", candidate)))
    assert "1 vector was removed." in text(as_admin.post(of("prune", candidate), follow=True))
    assert not Embedding.objects.exists()
    assert "Remove its vectors" not in text(as_admin.get(of("change", candidate)))


def test_the_question_counts_what_would_be_removed(
    as_admin: Client, champion: ModelVersion, candidate: ModelVersion
) -> None:
    first, retired = (make_specimen(make_customer()) for _ in range(2))
    for specimen in (first, retired):
        specimen_embed(specimen=specimen, version=candidate)
    Specimen.objects.filter(pk=retired.pk).update(state="retired", retired_at=timezone.now())
    ModelVersion.objects.filter(pk=candidate.pk).update(state="retired")
    assert "Remove 1 vector?" in text(as_admin.get(of("change", candidate)))
    assert "1 vector was removed." in text(as_admin.post(of("prune", candidate), follow=True))
    page = text(as_admin.get(of("change", candidate)))
    assert "Remove its vectors" not in page
    assert "<dt>Vectors stored</dt><dd>1</dd>" in page


def test_vectors_of_a_candidate_are_removed_unless_it_is_being_promoted(
    as_admin: Client, mona: User, champion: ModelVersion, candidate: ModelVersion
) -> None:
    assert "Remove its vectors" not in text(as_admin.get(of("change", candidate)))  # it has none
    specimen_embed(specimen=make_specimen(make_customer()), version=candidate)
    promotion = asked(candidate, mona, state="running")
    assert "Remove its vectors" not in text(as_admin.get(of("change", candidate)))
    assert "is being promoted, so its vectors stay" in text(as_admin.post(of("prune", candidate), follow=True))
    Promotion.objects.filter(pk=promotion.pk).update(state="cancelled")
    page = text(as_admin.get(of("change", candidate)))
    assert "Remove its vectors…" in page
    assert "<p>Promoting it makes them anew.</p>" in page
    assert "1 vector was removed." in text(as_admin.post(of("prune", candidate), follow=True))
    assert not Embedding.objects.exists()


def test_the_champions_vectors_stay(as_admin: Client, champion: ModelVersion) -> None:
    specimen_embed(specimen=make_specimen(make_customer()))
    assert "Remove its vectors" not in text(as_admin.get(of("change", champion)))
    assert "Every verdict needs the vectors of the champion" in text(as_admin.post(of("prune", champion), follow=True))
    assert Embedding.objects.count() == 1


def test_who_may_not_promote_can_change_nothing(
    client: Client, mona: User, champion: ModelVersion, candidate: ModelVersion
) -> None:
    make_gate(candidate, champion)
    client.force_login(model_admin("mlcore.view_modelversion"))
    for page in (of("change", candidate), of("comparison", candidate), of("promotion", candidate)):
        assert of("promote", candidate) not in text(client.get(page))
    assert client.post(of("promote", candidate)).status_code == 403
    promotion = asked(candidate, mona, state="waiting", override_reason=REASON)
    assert of("cancel", promotion) not in text(client.get(of("comparison", candidate)))
    for address in (of("approve", promotion), of("cancel", promotion), of("prune", candidate), ROLL_BACK):
        assert client.post(address, {"champion": str(champion.public_id)}).status_code == 403
    promotion.refresh_from_db()
    assert promotion.state == "waiting"


def test_staff_without_the_rights_see_nothing(client: Client, candidate: ModelVersion) -> None:
    client.force_login(make_user(is_staff=True))
    for address in (LIST, of("change", candidate), of("comparison", candidate), of("promotion", candidate)):
        assert client.get(address).status_code == 403


def test_strangers_are_sent_to_the_log_in_page(client: Client, candidate: ModelVersion) -> None:
    for address in (LIST, of("change", candidate), of("comparison", candidate), of("promotion", candidate)):
        assert client.get(address).status_code == 302
    assert client.post(of("promote", candidate)).status_code == 302
    assert not Promotion.objects.exists()


def test_wrong_verbs_are_refused(as_admin: Client, mona: User, candidate: ModelVersion) -> None:
    promotion = asked(candidate, mona, state="queued")
    for address in (of("promote", candidate), of("prune", candidate), ROLL_BACK):
        assert as_admin.get(address).status_code == 405
    for address in (of("approve", promotion), of("cancel", promotion)):
        assert as_admin.get(address).status_code == 405
    for address in (of("change", candidate), of("comparison", candidate), of("promotion", candidate)):
        assert as_admin.post(address).status_code == 405

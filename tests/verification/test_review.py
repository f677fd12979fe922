"""The queue of referrals: the oldest first, never one's own, filtered, blind where wanted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Customer
from sigweb.accounts.models import Branch, User
from tests.mlcore.making import VERIFIER, drawn_png, make_customer, make_specimen, make_user
from verification.models import Verification
from verification.review import referral_next, referrals_waiting, waiting_for

pytestmark = pytest.mark.django_db
REVIEWER = (*VERIFIER, "verification.review_verification")
PAGE = "/review/"


@pytest.fixture
def reviewer() -> User:
    return make_user(*REVIEWER, username="rita", first_name="Rita", last_name="Reviewer")


@pytest.fixture
def client(reviewer: User) -> Client:
    made = Client()
    made.force_login(reviewer)
    return made


@pytest.fixture
def queue(ask: Any) -> list[Verification]:
    """Three referrals, the first asked first, of rising amounts."""
    made = []
    for number in range(3):
        row = ask(data=drawn_png(20 + number), amount=Decimal(100 * (number + 1)), cheque_number=f"CH{number}")
        row.verdict, row.asked_at = "refer", timezone.now() - timedelta(hours=3 - number)
        row.reasons = [{"code": "thin_set" if number else "poor_image", "sentence": f"Reason {number}."}]
        row.save(update_fields=["verdict", "asked_at", "reasons"])
        made.append(row)
    return made


def decide(client: Client, row: Verification, **fields: str) -> Any:
    data = {"decision": "accepted", "from": "review", "filters": "", **fields}
    return client.post(reverse("verification:decide", args=[row.public_id]), data)


def test_the_oldest_of_somebody_else_comes_first(queue: list[Verification], reviewer: User, verifier: User) -> None:
    assert list(referrals_waiting(viewer=reviewer)) == queue
    assert list(referrals_waiting(viewer=verifier)) == []
    assert waiting_for(viewer=reviewer).count == 3
    assert waiting_for(viewer=reviewer).since == queue[0].asked_at
    assert waiting_for(viewer=verifier).since is None


def test_skipping_goes_round(queue: list[Verification], reviewer: User) -> None:
    rows = referrals_waiting(viewer=reviewer)
    assert referral_next(rows, after=queue[0]) == queue[1]
    assert referral_next(rows, after=queue[2]) == queue[0]
    assert referral_next(rows.none()) is None


def test_filters_by_branch_amount_and_reason(queue: list[Verification], reviewer: User) -> None:
    elsewhere = Branch.objects.create(code="X", name="Elsewhere")
    assert list(referrals_waiting(viewer=reviewer, branch=elsewhere.public_id)) == []
    assert list(referrals_waiting(viewer=reviewer, amount_from=Decimal(150), amount_to=Decimal(250))) == [queue[1]]
    assert list(referrals_waiting(viewer=reviewer, reason="poor_image")) == [queue[0]]


def test_the_page_shows_one_side_by_side_and_how_many_wait(client: Client, queue: list[Verification]) -> None:
    page = client.get(PAGE).content.decode()
    assert "3 referrals wait for you" in page
    assert "Reason 0." in page
    assert "CH0" in page
    assert page.count("Specimen ") >= 3
    assert "CH1" in client.get(PAGE, {"after": str(queue[0].public_id)}).content.decode()
    assert "CH0" in client.get(PAGE, {"after": "nonsense"}).content.decode()
    assert "CH2" in client.get(PAGE, {"amount_from": "250"}).content.decode()


def test_what_the_filter_does_not_understand_is_said_and_filters_nothing(
    client: Client, queue: list[Verification]
) -> None:
    page = client.get(PAGE, {"amount_from": "5k"}).content.decode()
    assert "Write the amount in digits, for example 1250.50." in page
    assert 'value="5k"' in page
    assert '<details class="rv-filter" open>' in page
    assert "3 referrals wait for you" in page
    assert "· filtered" not in page
    page = client.get(PAGE, {"amount_from": "5k", "amount_to": "250", "branch": "nowhere"}).content.decode()
    assert "2 referrals wait for you · filtered" in page
    assert f"?amount_to=250&amp;after={queue[0].public_id}" in page, "only what was understood goes on"
    assert "Write the amount" not in client.get(PAGE).content.decode()


def test_deciding_goes_to_the_next_and_keeps_the_filter(client: Client, queue: list[Verification]) -> None:
    answer = decide(client, queue[1], filters="amount_from=150&evil=https://example.org")
    assert answer["Location"] == f"/review/?amount_from=150&after={queue[1].public_id}"
    page = client.get(answer["Location"]).content.decode()
    assert "Accepted: the signature of Ada Sample." in page
    assert "CH2" in page
    queue[1].refresh_from_db()
    assert queue[1].human_decision == "accepted"


def test_after_a_skipped_one_it_goes_on_and_comes_back_to_it_at_the_end(
    client: Client, queue: list[Verification]
) -> None:
    assert "CH2" in client.get(decide(client, queue[1])["Location"]).content.decode()
    assert "CH0" in client.get(decide(client, queue[2])["Location"]).content.decode()


def test_what_lacks_something_comes_back_to_the_same_with_what_was_typed(
    client: Client, queue: list[Verification]
) -> None:
    answer = decide(client, queue[1], decision="rejected", note="He broke his arm.", filters="amount_from=150")
    assert answer["Location"] == f"/review/?amount_from=150&at={queue[1].public_id}"
    page = client.get(answer["Location"]).content.decode()
    assert "Choose the reason for the rejection." in page
    assert "CH1" in page
    assert "He broke his arm." in page
    assert "He broke his arm." not in client.get(answer["Location"]).content.decode()

    url = reverse("verification:decide", args=[queue[0].public_id])
    page = client.post(url, {"decision": "rejected", "reason_code": "other"}, follow=True).content.decode()
    assert "Write in the note what the other reason is." in page
    assert '<option value="other" selected>' in page
    assert not Verification.objects.exclude(human_decision="").exists()


def test_two_on_one_referral_the_second_gets_a_sentence_and_the_next(client: Client, queue: list[Verification]) -> None:
    other = Client()
    other.force_login(make_user(*REVIEWER, first_name="Otto", last_name="Other"))
    decide(other, queue[0])
    page = client.get(decide(client, queue[0], decision="rejected", reason_code="differs")["Location"]).content.decode()
    assert "Otto Other has decided this already: Accepted." in page
    assert "CH1" in page


def test_blind_hides_the_verdict_until_decided(client: Client, queue: list[Verification]) -> None:
    client.post("/review/blind/", {"blind": "on", "filters": "reason=poor_image"})
    page = client.get(PAGE).content.decode()
    score = f"{queue[0].score:.2f}".replace("-", "−")
    assert "Reason 0." not in page
    assert score not in page
    assert "The whole verdict" not in page
    assert "CH0" in page
    page = client.get(decide(client, queue[0])["Location"]).content.decode()
    assert "The system had said “Refer”" in page
    assert "Reason 0." in page
    assert "Reason 0." not in client.get(PAGE).content.decode()
    client.post("/review/blind/", {})
    assert "Reason 1." in client.get(PAGE).content.decode()


def test_going_blind_stays_with_the_referral_and_ranks_no_specimens(
    client: Client, queue: list[Verification], customer: Customer
) -> None:
    first = customer.specimens.earliest("pk").public_id
    last = Verification.objects.get(pk=queue[1].pk)
    last.distances = sorted(last.distances, key=lambda entry: entry["specimen"] == str(first))
    for place, entry in enumerate(last.distances):
        entry["local"] = 0.1 + place / 10
    last.save(update_fields=["distances"])
    here = f"{PAGE}?at={last.public_id}"

    def leading() -> str:
        page = client.get(here).content.decode()
        return page.split('<ol class="rv-specimens"')[1].split("<img")[1]

    assert str(first) not in leading()
    answer = client.post("/review/blind/", {"blind": "on", "at": str(last.public_id)})
    assert answer["Location"] == here
    assert str(first) in leading()


def test_going_blind_hides_what_the_system_finds_different(client: Client, queue: list[Verification]) -> None:
    seen = client.get(PAGE).content.decode()
    assert seen.count('data-show="heat"') == 1
    client.post("/review/blind/", {"blind": "on"})
    unseen = client.get(PAGE).content.decode()
    assert 'data-show="over"' in unseen
    assert 'data-show="heat"' not in unseen


@pytest.mark.parametrize("where", ["list", "standing"])
def test_going_blind_hides_verdict_and_score_on_other_pages_until_decided(
    client: Client, queue: list[Verification], customer: Customer, where: str
) -> None:
    paths = {"list": "/verifications/?whose=all", "standing": f"/customers/{customer.public_id}/standing/"}
    scores = []
    for number, row in enumerate(queue):
        row.score = 1.11 * (number + 1)
        row.save(update_fields=["score"])
        scores.append(f"{row.score:.2f}")
    drawn = '<path class="st-refer"'

    def shown() -> tuple[list[str], int, int]:
        page = client.get(paths[where]).content.decode()
        return [score for score in scores if score in page], page.count("hidden until you decide"), page.count(drawn)

    marks = 3 if where == "standing" else 0
    assert shown() == (scores, 0, marks)
    client.post("/review/blind/", {"blind": "on"})
    assert shown() == ([], 3, 0)
    decide(client, queue[1])
    assert shown() == ([scores[1]], 2, marks // 3)
    queue[0].asked_by = User.objects.get(username="rita")
    queue[0].save(update_fields=["asked_by"])
    assert shown() == (scores[:2], 1, 2 * marks // 3), "one's own is for somebody else to decide"
    client.post("/review/blind/", {})
    assert shown() == (scores, 0, marks)


def test_going_blind_a_referral_opens_in_the_queue_until_decided(client: Client, queue: list[Verification]) -> None:
    verdict = reverse("verification:detail", args=[queue[1].public_id])
    assert client.get(verdict).status_code == 200
    client.post("/review/blind/", {"blind": "on"})
    answer = client.get(verdict)
    assert answer["Location"] == f"{PAGE}?at={queue[1].public_id}"
    assert "CH1" in client.get(answer["Location"]).content.decode()
    decide(client, queue[1])
    assert client.get(verdict).status_code == 200


def test_going_blind_the_administration_does_not_tell_either(
    client: Client, queue: list[Verification], reviewer: User
) -> None:
    reviewer.is_staff = True
    reviewer.save(update_fields=["is_staff"])
    listed = reverse("admin:verification_verification_changelist")

    def shown() -> list[Verification]:
        page = client.get(listed).content.decode()
        return [row for row in queue if str(row.public_id) in page]

    assert shown() == queue
    client.post("/review/blind/", {"blind": "on"})
    assert shown() == []
    assert "3 referrals are not listed, since you review blind" in client.get(listed).content.decode()
    page = reverse("admin:verification_verification_change", args=[queue[1].pk])
    assert client.get(page).status_code == 302  # as for one that does not exist
    decide(client, queue[1])
    assert shown() == [queue[1]]
    assert client.get(page).status_code == 200
    client.post("/review/blind/", {})
    assert shown() == queue
    assert "not listed" not in client.get(listed).content.decode()


def test_nothing_waits_is_said(client: Client) -> None:
    assert "No referral waits for you." in client.get(PAGE).content.decode()
    assert "Nothing that fits the filter waits." in client.get(PAGE, {"reason": "poor_image"}).content.decode()


def test_a_verdict_is_decided_on_its_own_page_too(client: Client, queue: list[Verification]) -> None:
    page = client.get(reverse("verification:detail", args=[queue[0].public_id])).content.decode()
    assert 'value="accepted"' in page
    answer = client.post(
        reverse("verification:decide", args=[queue[0].public_id]), {"decision": "rejected", "reason_code": "mandate"}
    )
    assert answer["Location"] == reverse("verification:detail", args=[queue[0].public_id])
    page = client.get(answer["Location"]).content.decode()
    assert "Not as per mandate" in page
    assert "Rita Reviewer" in page
    assert 'value="accepted"' not in page


def test_the_wrong_role_and_the_wrong_verb(queue: list[Verification], as_verifier: Client, client: Client) -> None:
    assert as_verifier.get(PAGE).status_code == 403
    assert as_verifier.post("/review/blind/").status_code == 403
    assert as_verifier.get("/review/notice/").content.strip() == b""
    assert client.post(PAGE).status_code == 405
    assert client.get("/review/blind/").status_code == 405
    assert client.get(reverse("verification:decide", args=[queue[0].public_id])).status_code == 405
    assert Client().get(PAGE).status_code == 302
    badge = client.get("/review/notice/").content
    assert b'id="nav-count" class="nav-count" hx-swap-oob="true"' in badge, "where the bar is folded"
    assert b"3 referrals wait" in badge
    assert b"home-referrals" not in badge
    assert b'id="home-referrals" hx-swap-oob' in client.get("/review/notice/?page=home").content
    assert as_verifier.get("/review/notice/?page=home").content.strip() == b""


def test_someone_who_may_not_see_signatures_gets_no_picture(queue: list[Verification]) -> None:
    blindfolded = Client()
    rights = [name for name in REVIEWER if name != "customers.view_signature"]
    blindfolded.force_login(make_user(*rights))
    page = blindfolded.get(PAGE).content.decode()
    assert "image.png" not in page
    assert "Your role does not see signatures." in page


def test_a_closed_customer_can_still_be_decided(client: Client, ask: Any) -> None:
    customer = make_customer(name="Closed Ltd")
    make_specimen(customer, data=drawn_png(3))
    row = ask(customer=customer, data=drawn_png(4))
    Verification.objects.filter(pk=row.pk).update(verdict="refer")
    customer.status = "closed"
    customer.save(update_fields=["status"])
    assert decide(client, row).status_code == 302
    row.refresh_from_db()
    assert row.human_decision == "accepted"

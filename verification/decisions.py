"""What people decide about a verdict: the asker may confirm it, a referral or an override needs somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from sigweb.audit.services import audit_record
from verification.models import Verification

if TYPE_CHECKING:
    from sigweb.accounts.models import User

REVIEWS = "verification.review_verification"
ASKS = "verification.add_verification"
NOTE_LENGTH = 500

Decision = Verification.Decision
Verdict = Verification.Verdict
# What a verdict alone would lead to; anything else is an override.
_FOLLOWS = {Verdict.MATCH: Decision.ACCEPTED, Verdict.NO_MATCH: Decision.REJECTED}


class DecisionRefused(Exception):
    """Nothing was decided; `sentence` says why, `field` which input it is about ("" for none)."""

    def __init__(self, code: str, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.field = field


@dataclass(frozen=True, slots=True)
class Options:
    """What one person may decide about a verification now; `barred` says why less than everything."""

    accept: bool = False
    reject: bool = False
    barred: str = ""

    @property
    def any(self) -> bool:
        return self.accept or self.reject


def is_override(verification: Verification, decision: str) -> bool:
    """Whether a decision goes against a verdict of match or no match; a referral has nothing to go against."""
    follows = _FOLLOWS.get(Verdict(verification.verdict))
    return follows is not None and follows != decision


def decision_options(*, actor: User, verification: Verification) -> Options:
    """What `actor` may decide: another person than the asker anything, the asker what the verdict says."""
    if verification.human_decision:
        return Options()
    own = verification.asked_by_id == actor.pk
    if not own and actor.has_perm(REVIEWS):
        return Options(accept=True, reject=True)
    if not own or not actor.has_perm(ASKS):
        return Options()
    if verification.verdict == Verdict.REFER:
        return Options(barred=_("You asked for this verification yourself; another person decides on a referral."))
    barred = _("To decide against the verdict takes another person.")
    accept = verification.verdict == Verdict.MATCH
    return Options(accept=accept, reject=not accept, barred=barred)


@transaction.atomic
def verification_decide(
    *,
    actor: User,
    verification: Verification,
    decision: str,
    reason_code: str = "",
    note: str = "",
    request: HttpRequest | None = None,
) -> Verification:
    """Record a person's decision, once. The same decision by the same person again changes nothing.

    A rejection needs a reason code, the reason "other" a note; an acceptance has neither code. Raises DecisionRefused.
    """
    # Without joins: what is joined would be from before the wait for the lock.
    verification = Verification.objects.select_for_update().defer("image", "sketch").get(pk=verification.pk)
    note = note.strip()
    reason_code = reason_code if decision == Decision.REJECTED else ""
    if verification.human_decision:
        return _again(actor, verification, decision, reason_code, note)
    _content_demand(decision, reason_code, note)
    _right_demand(actor, verification, decision)
    verification.human_decision = decision
    verification.reason_code, verification.reason_note = reason_code, note
    verification.decided_by, verification.decided_at = actor, timezone.now()
    verification.save(update_fields=["human_decision", "reason_code", "reason_note", "decided_by", "decided_at"])
    audit_record(
        actor=actor,
        action="verification.decided",
        obj=verification,
        request=request,
        details={
            "decision": decision,
            "reason": reason_code,
            "verdict": verification.verdict,
            "override": is_override(verification, decision),
        },
    )
    return verification


def _again(actor: User, verification: Verification, *content: str) -> Verification:
    kept = (verification.human_decision, verification.reason_code, verification.reason_note)
    if kept == content and verification.decided_by_id == actor.pk:
        return verification
    who = verification.decided_by.display_name if verification.decided_by else ""
    raise DecisionRefused(
        "decided",
        _("%(who)s has decided this already: %(decision)s. Nothing was changed.")
        % {"who": who, "decision": verification.get_human_decision_display()},
    )


def _content_demand(decision: str, reason_code: str, note: str) -> None:
    if decision not in Decision.values:
        raise DecisionRefused("decision", _("Choose whether to accept or to reject."), field="decision")
    if decision == Decision.REJECTED and reason_code not in Verification.Reason.values:
        raise DecisionRefused("reason", _("Choose the reason for the rejection."), field="reason_code")
    if reason_code == Verification.Reason.OTHER and not note:
        raise DecisionRefused("note", _("Write in the note what the other reason is."), field="note")
    if len(note) > NOTE_LENGTH or "\0" in note:
        sentence = _("A note holds at most %(n)d characters of text.") % {"n": NOTE_LENGTH}
        raise DecisionRefused("note", sentence, field="note")


def _right_demand(actor: User, verification: Verification, decision: str) -> None:
    options = decision_options(actor=actor, verification=verification)
    if options.accept if decision == Decision.ACCEPTED else options.reject:
        return
    raise DecisionRefused("not_yours", options.barred or _("Your role does not decide on verifications."))

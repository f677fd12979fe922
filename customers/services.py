"""Everything that changes customers and specimens. Each service is one transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.advice import advice_on, picture_facts, picture_warnings, specimen_advice
from customers.blobs import keyed_digest, seal
from customers.marks import marks_forget
from customers.models import MAX_APPROVED, Customer, Specimen
from customers.restoring import known_notes, pictures_restore, restored_notes, split_known
from customers.results import DraftResult, Refused, Submitted
from customers.selectors import drafts_stale, enrolment_rows, specimens_elsewhere
from customers.signals import specimens_stored
from mlcore.imaging import ImageRefused, Signature, prepare
from mlcore.sentences import refusal_in_words
from sigweb.accounts.models import User
from sigweb.audit.services import audit_record

MAX_DRAFTS = 20


def draft_add(
    *,
    actor: User,
    enrolment: UUID,
    data: bytes,
    filename: str = "",
    customer: Customer | None = None,
    replaces: UUID | None = None,
) -> DraftResult:
    """Check one uploaded file and keep it, encrypted, as a draft of the form `enrolment`.

    A picture that can not be read is not kept; one without a usable signature is kept, marked as refused.
    `customer` is the one the form is for, where he exists already. `replaces` is the draft that this picture was cut
    from; it is forgotten once the new one is kept, unless it was usable and the new one is not, or its file has other
    pages. Raises Refused when the form is somebody else's, was already submitted, or holds MAX_DRAFTS files.
    """
    filename = filename.replace("\0", "")[-120:]
    try:
        signature = prepare(data)
    except ImageRefused as refusal:
        return draft_unread(filename=filename, refusal=refusal)
    digest = keyed_digest(data)
    with transaction.atomic():
        siblings = _enrolment_lock(enrolment=enrolment, actor=actor)
        if any(sibling.state != Specimen.State.DRAFT for sibling in siblings):
            raise Refused("submitted", _("This form was already submitted. Start a new enrolment."))
        for sibling in siblings:
            if sibling.digest == digest:
                return draft_result(specimen=sibling, customer=customer, already=True)
        source = _draft_replaced(siblings, replaces, refused=signature.quality.refused)
        replaced = source if source is None or _pages(source) == 1 else None
        if len(siblings) - (replaced is not None) >= MAX_DRAFTS:
            raise Refused(
                "too_many_drafts",
                _("This form already holds %(count)d pictures. Remove some before you add more.")
                % {"count": MAX_DRAFTS},
            )
        specimen = _draft_store(actor, enrolment, data, filename, signature)
        if replaced is not None:
            Specimen.objects.filter(pk=replaced.pk).delete()
    result = draft_result(specimen=specimen, customer=customer)
    if source is None:
        return result
    if replaced is not None:
        return replace(result, replaced=replaced.public_id)
    step = _("The whole file stays in the list, unticked, so that its other pages can be added.")
    return replace(result, whole=source.public_id, steps=(*result.steps, step))


def draft_unread(*, filename: str, refusal: ImageRefused) -> DraftResult:
    """What to tell about a file that can not be read."""
    advice = advice_on(code=refusal.code, sentence=refusal_in_words(refusal))
    return DraftResult(filename, None, Specimen.Grade.REFUSED, (advice.finding,), (advice.step,) if advice.step else ())


def draft_result(*, specimen: Specimen, customer: Customer | None, already: bool = False) -> DraftResult:
    """What to tell about a stored draft: what was found, what to do, and warnings, also about equal pictures."""
    warnings = list(picture_warnings(specimen=specimen))
    if already:
        warnings.append(_("You already added this picture; it is counted once."))
    if customer is not None and customer.specimens.filter(digest=specimen.digest, unreadable_at=None).exists():
        warnings.append(_("This customer already has this very picture; it will not be stored a second time."))
    if specimens_elsewhere(digests=[specimen.digest], customer=customer).exists():
        warnings.append(_("The very same picture is enrolled at another customer. Make sure that it is the right one."))
    advice = specimen_advice(specimen=specimen)
    return DraftResult(
        specimen.filename,
        specimen,
        specimen.quality_grade,
        remarks=tuple(one.finding for one in advice),
        steps=tuple(one.step for one in advice if one.step),
        warnings=tuple(warnings),
        already=already,
    )


def draft_remove(*, actor: User, specimen: Specimen) -> None:
    """Forget a draft of one's own. Raises Refused for anything but that."""
    with transaction.atomic():
        siblings = _enrolment_lock(enrolment=specimen.enrolment, actor=actor)
        if not any(row.pk == specimen.pk and row.state == Specimen.State.DRAFT for row in siblings):
            raise Refused("not_a_draft", _("This picture was already submitted or removed."))
        Specimen.objects.filter(pk=specimen.pk).delete()


def drafts_purge() -> int:
    """Forget the drafts that nobody submitted in time; returns how many."""
    with transaction.atomic():
        # Locked first: a draft that is being submitted this moment is skipped, not deleted under its form.
        stale = list(drafts_stale().select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
        Specimen.objects.filter(pk__in=stale).delete()
    return len(stale)


def specimens_submit(
    *,
    actor: User,
    enrolment: UUID,
    chosen: Sequence[UUID],
    customer: Customer | None = None,
    fields: Mapping[str, Any] | None = None,
    source: str = Specimen.Source.CARD,
    signed_on: date | None = None,
    expires_on: date | None = None,
    request: HttpRequest | None = None,
) -> Submitted:
    """Store the chosen drafts of a form for a customer, all or none, waiting for approval.

    Without `customer` one is created from `fields` (number, name, branch, special_instructions, always_refer).
    The other drafts of the form are forgotten. Submitting a form again changes nothing and returns the same
    customer. Raises Refused: nothing chosen, a draft gone or refused, number taken, more than MAX_APPROVED
    specimens, customer closed, every picture known already. One whose stored picture can not be read any more gets it
    back from the same file.
    """
    with transaction.atomic():
        siblings = _enrolment_lock(enrolment=enrolment, actor=actor)
        before = [sibling for sibling in siblings if sibling.state != Specimen.State.DRAFT]
        if before and before[0].customer is not None:
            return Submitted(before[0].customer, tuple(before), again=True)
        drafts = _chosen_drafts(siblings, chosen)
        if customer is None:
            customer = _customer_create(actor=actor, fields=fields or {}, request=request)
        else:
            customer = customer_lock(customer=customer)
        stored, known = split_known(customer, drafts)
        lost = [specimen for specimen in known if specimen.unreadable_at is not None]
        if not stored and not lost:
            raise Refused("known", " ".join(known_notes(known)), customer=customer)
        back = [specimen for specimen in lost if specimen.state == Specimen.State.RETIRED]
        _room_demand(customer, adding=len(stored) + len(back))
        pictures_restore(lost=lost, drafts=drafts, actor=actor, request=request)
        stored += back
        origin = {"source": source, "signed_on": signed_on, "expires_on": expires_on}
        for specimen in stored:
            _specimen_store(specimen, customer, origin, actor=actor, request=request)
        marks_forget(customer=customer)
        Specimen.objects.filter(enrolment=enrolment, state=Specimen.State.DRAFT).delete()
        public_ids = [specimen.public_id for specimen in {*stored, *lost}]
        transaction.on_commit(lambda: specimens_stored.send_robust(sender=Specimen, public_ids=public_ids), robust=True)
        notes = (*known_notes([one for one in known if one not in lost]), *restored_notes(lost, stored))
    return Submitted(customer, tuple(stored), notes)


def specimen_approve(*, actor: User, specimen: Specimen, request: HttpRequest | None = None) -> Specimen:
    """Let a waiting specimen count in verifications.

    Raises Refused: not waiting, enrolled by the same person (settings.FOUR_EYES), expired, customer closed, or
    MAX_APPROVED are approved already.
    """
    with transaction.atomic():
        customer, specimen = _specimen_lock(specimen)
        if specimen.state != Specimen.State.PENDING:
            raise Refused("not_pending", _("This specimen is not waiting for approval any more."))
        if settings.FOUR_EYES and specimen.enrolled_by_id == actor.pk:
            raise Refused("four_eyes", _("You enrolled this specimen yourself; another person has to approve it."))
        if specimen.expires_on and specimen.has_expired:
            raise Refused(
                "expired",
                _(
                    "This specimen expired on %(day)s, so nothing would be compared with it. "
                    "Retire it, and enrol a fresh one."
                )
                % {"day": date_format(specimen.expires_on)},
            )
        if customer.specimens.filter(state=Specimen.State.APPROVED).count() >= MAX_APPROVED:
            raise Refused(
                "full",
                _("This customer already has %(count)d approved specimens. Retire one before you approve another.")
                % {"count": MAX_APPROVED},
            )
        specimen.state = Specimen.State.APPROVED
        specimen.approved_by = actor
        specimen.approved_at = timezone.now()
        specimen.save(update_fields=("state", "approved_by", "approved_at"))
        marks_forget(customer=customer)
        audit_record(actor=actor, action="specimen.approved", obj=specimen, request=request)
    return specimen


def specimen_retire(*, actor: User, specimen: Specimen, request: HttpRequest | None = None) -> Specimen:
    """Take a waiting or approved specimen out of use; it stays on record. Raises Refused when it is neither."""
    with transaction.atomic():
        customer, specimen = _specimen_lock(specimen)
        if specimen.state not in (Specimen.State.PENDING, Specimen.State.APPROVED):
            raise Refused("not_in_use", _("This specimen is not in use any more."))
        before = specimen.state
        specimen.state = Specimen.State.RETIRED
        specimen.retired_by = actor
        specimen.retired_at = timezone.now()
        specimen.save(update_fields=("state", "retired_by", "retired_at"))
        marks_forget(customer=customer)
        audit_record(actor=actor, action="specimen.retired", obj=specimen, request=request, details={"from": before})
    return specimen


def specimen_mark_unreadable(*, specimen: Specimen, reason: str, request: HttpRequest | None = None) -> None:
    """Note that a stored picture can not be opened; home shows it until it is retired. Idempotent.

    One that took too long is not noted: that says something about the machine, since at enrolment it opened.
    """
    if reason == "too_slow":
        return
    with transaction.atomic():
        marked = Specimen.objects.filter(pk=specimen.pk, unreadable_at=None).update(unreadable_at=timezone.now())
        if marked:
            audit_record(
                actor=None, action="specimen.unreadable", obj=specimen, request=request, details={"reason": reason}
            )


def specimen_mark_readable(*, specimen: Specimen) -> None:
    """Take the note back: the picture opens again, for example since its key is configured again. Idempotent."""
    with transaction.atomic():
        if Specimen.objects.filter(pk=specimen.pk, unreadable_at__isnull=False).update(unreadable_at=None):
            audit_record(actor=None, action="specimen.readable", obj=specimen)


def customer_lock(*, customer: Customer) -> Customer:
    """The customer's row, locked until the transaction ends. Raises Refused when he is closed."""
    locked = Customer.objects.select_for_update().get(pk=customer.pk)
    if not locked.is_active:
        raise Refused("closed", _("This customer is closed; his specimens can not be changed."), customer=locked)
    return locked


def customers_lock(*, specimens: Iterable[UUID]) -> None:
    """Lock the customers of these specimens until the transaction ends, so that nobody changes their sets meanwhile.

    In one order, so that nobody waits in a circle.
    """
    list(Customer.objects.select_for_update().filter(specimens__public_id__in=specimens).order_by("pk"))


def _enrolment_lock(*, enrolment: UUID, actor: User) -> list[Specimen]:
    """All rows of a form, in a queue with everybody else who works on the same form."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"enrolment:{enrolment}"])
    rows = list(enrolment_rows(enrolment=enrolment).select_for_update(of=("self",)))
    if any(row.enrolled_by_id != actor.pk for row in rows):
        raise Refused("not_yours", _("This form belongs to somebody else. Start a new enrolment."))
    return rows


def _draft_replaced(siblings: Sequence[Specimen], replaces: UUID | None, *, refused: bool) -> Specimen | None:
    """The draft that makes room for the new picture: not a usable one for one that is refused."""
    for sibling in siblings:
        if sibling.public_id == replaces and (not refused or sibling.quality_grade == Specimen.Grade.REFUSED):
            return sibling
    return None


def _pages(draft: Specimen) -> int:
    return int(draft.quality.get("pages", 1))


def _chosen_drafts(siblings: Sequence[Specimen], chosen: Sequence[UUID]) -> list[Specimen]:
    wanted = set(chosen)
    drafts = [sibling for sibling in siblings if sibling.public_id in wanted]
    if not wanted:
        raise Refused("nothing", _("Choose at least one picture to enrol."))
    if len(drafts) < len(wanted):
        raise Refused("gone", _("A chosen picture is not there any more. Look at the list and submit again."))
    if any(draft.quality_grade == Specimen.Grade.REFUSED for draft in drafts):
        raise Refused("refused", _("A chosen picture was refused and can not be enrolled. Take it out."))
    return drafts


def _customer_create(*, actor: User, fields: Mapping[str, Any], request: HttpRequest | None) -> Customer:
    number = fields["number"].strip().upper()
    with connection.cursor() as cursor:  # two people at once: the second waits and gets a sentence
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"customer:{number}"])
    taken = Customer.objects.filter(number=number).first()
    if taken is not None:
        raise Refused("number_taken", _("A customer with this number exists already."), customer=taken)
    customer = Customer.objects.create(
        number=number,
        name=fields["name"].strip(),
        branch=fields["branch"],
        special_instructions=fields.get("special_instructions", ""),
        always_refer=fields.get("always_refer", False),
        created_by=actor,
    )
    audit_record(actor=actor, action="customer.created", obj=customer, request=request)
    return customer


def _room_demand(customer: Customer, *, adding: int) -> None:
    in_use = customer.specimens.filter(state__in=(Specimen.State.APPROVED, Specimen.State.PENDING)).count()
    if in_use + adding <= MAX_APPROVED:
        return
    room = max(0, MAX_APPROVED - in_use)
    rest = (
        ngettext("There is room for %(room)d more.", "There is room for %(room)d more.", room)
        if room
        else _("Retire one before you add another.")
    ) % {"room": room}
    raise Refused(
        "full",
        _("A customer has at most %(most)d specimens; %(in_use)d are in use and %(adding)d were chosen. %(rest)s")
        % {"most": MAX_APPROVED, "in_use": in_use, "adding": adding, "rest": rest},
        customer=customer,
    )


def _draft_store(actor: User, enrolment: UUID, data: bytes, filename: str, signature: Signature) -> Specimen:
    specimen = Specimen(
        enrolment=enrolment,
        digest=keyed_digest(data),
        filename=filename,
        media_type=signature.media_type,
        width=signature.page.shape[1],
        height=signature.page.shape[0],
        quality=picture_facts(signature),
        quality_grade=signature.quality.grade,
        enrolled_by=actor,
    )
    specimen.image = seal(data, context=str(specimen.public_id))
    specimen.save()
    return specimen


def _specimen_store(
    specimen: Specimen, customer: Customer, origin: Mapping[str, Any], *, actor: User, request: HttpRequest | None
) -> None:
    """Turn a draft into a specimen that waits for approval, and record it."""
    specimen.customer = customer
    specimen.state = Specimen.State.PENDING
    specimen.enrolled_at = timezone.now()
    for name, value in origin.items():
        setattr(specimen, name, value)
    specimen.save(update_fields=("customer", "state", "enrolled_at", *origin))
    twins = specimens_elsewhere(digests=[specimen.digest], customer=customer)
    elsewhere = [str(other.public_id) for other in twins[:20]]
    audit_record(
        actor=actor,
        action="specimen.enrolled",
        obj=specimen,
        request=request,
        details={"customer": str(customer.public_id), "grade": specimen.quality_grade},
    )
    if elsewhere:
        audit_record(
            actor=actor,
            action="specimen.same_picture_elsewhere",
            obj=specimen,
            request=request,
            details={"specimens": elsewhere},
        )


def _specimen_lock(specimen: Specimen) -> tuple[Customer, Specimen]:
    """The customer's row first, then the specimen's: one order for everybody, so nobody waits in a circle."""
    if specimen.customer is None:
        raise Refused("draft", _("A draft belongs to no customer yet."))
    customer = customer_lock(customer=specimen.customer)
    return customer, Specimen.objects.select_for_update(of=("self",)).get(pk=specimen.pk)

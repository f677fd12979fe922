"""What a training would use, how long it would take and whether it would be worth it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from customers.models import THIN_BELOW, Specimen
from mlcore.models import ModelVersion, TrainingRun
from mlcore.retraining.rates import Rate, training_rate
from mlcore.selectors import BASE, model_base
from verification.models import Verification

WORTH_CUSTOMERS = 20  # with THIN_BELOW specimens or more: of fewer, neither learning nor measuring says anything
FEWEST_CUSTOMERS = 8  # that the trainer takes
MOST_CUSTOMERS = 1200  # whose signatures fit into the train worker's memory; of more, so many are drawn
HELD_OUT_SHARE = 5  # one in so many customers with THIN_BELOW specimens is measured with
LEAST_HELD_OUT = 10  # where a training is worth it: the gate needs 8, and some may turn out unreadable
MOST_DECIDED = 4  # of a customer's genuine and of his forged decisions; of more, so many are drawn
MOST_HELD_OUT = 300  # of whom the comparison takes about a minute
NEW_SHARE = 0.05  # of all specimens that should be new since the champion was trained


@dataclass(frozen=True, slots=True)
class Counts:
    """What a training would use.

    enrolled: customers with approved specimens; customers: those drawn of them, which is all unless there are too many
    for one training; where not all are drawn, what follows are estimates. able: of the drawn, with 3 approved specimens
    or more; thin: with 1 or 2. held_out: able ones that are measured with and not trained on. specimens: of the drawn;
    fresh: those approved since the champion was trained, None where it was not trained here. genuine, forged:
    questioned signatures with a reviewer's decision, at most 4 each of a customer.
    """

    enrolled: int
    customers: int
    able: int
    thin: int
    specimens: int
    fresh: int | None
    held_out: int
    genuine: int = 0
    forged: int = 0

    @property
    def trained_on(self) -> int:
        return self.customers - self.held_out

    @property
    def decided(self) -> int:
        return self.genuine + self.forged


@dataclass(frozen=True, slots=True)
class DryRun:
    """A training as it would go; possible: it would not end at once. worth: it is likely to gain something.

    reasons: sentences for the one or the other.
    """

    counts: Counts
    rate: Rate
    seconds: float
    possible: bool
    worth: bool
    reasons: tuple[str, ...]


def dry_run(*, start: str, with_decisions: bool, steps: int) -> DryRun:
    """Count what a training would use, and judge it; changes nothing."""
    champion = ModelVersion.objects.filter(state=ModelVersion.State.CHAMPION).first()
    counts = _count(_trained_at(champion), with_decisions)
    obstacles = _obstacles(counts, champion, start)
    doubts = _doubts(counts)
    rate = training_rate()
    return DryRun(
        counts=counts,
        rate=rate,
        seconds=rate.seconds(steps),
        possible=not obstacles,
        worth=not obstacles and not doubts,
        reasons=tuple(obstacles or doubts or [_gain(counts)]),
    )


def start_of(version: ModelVersion) -> TrainingRun.Start | None:
    """What a training that goes on from this version is asked to start from; None where none goes on from it.

    A shipped base that is champion counts as champion.
    """
    if version.state == ModelVersion.State.CHAMPION:
        return TrainingRun.Start.CHAMPION
    return TrainingRun.Start.BASE if version == model_base() else None


def learnt_elsewhere(version: ModelVersion) -> bool:
    """Whether it, or one behind it, came as a file: whom that has learnt from is not on record. The shipped base is."""
    made = set(TrainingRun.objects.filter(produced__isnull=False).values_list("produced", flat=True))
    seen: set[int] = set()
    behind: ModelVersion | None = version
    while behind is not None and behind.pk not in seen:
        if behind.directory != BASE and behind.pk not in made:
            return True
        seen.add(behind.pk)
        behind = behind.parent
    return False


def held_out_of(able: int) -> int:
    """How many of so many able customers are measured with.

    With enough customers, enough for the gate to compare on; with fewer, which can pass no gate, a share.
    """
    share = able // HELD_OUT_SHARE
    return min(share if able < WORTH_CUSTOMERS else max(share, LEAST_HELD_OUT), MOST_HELD_OUT)


def specimens_for_training() -> QuerySet[Specimen]:
    """Every approved specimen whose picture can be read; the pictures stay in the database."""
    return Specimen.objects.filter(
        state=Specimen.State.APPROVED, customer__isnull=False, unreadable_at__isnull=True
    ).defer("image")


def decisions_for_training() -> QuerySet[Verification]:
    """Questioned signatures whose genuineness a reviewer has decided; the pictures stay in the database.

    Who asked may confirm what the verdict says: that is no review, and a network that learnt from it would learn its
    own verdicts. Rejected ones count as forged where the reason was the signature, not the mandate or the picture; a
    copy of a specimen teaches nothing.
    """
    decision, reason = Verification.Decision, Verification.Reason
    forged = Q(human_decision=decision.REJECTED, reason_code=reason.DIFFERS)
    enrolled = specimens_for_training().filter(customer=OuterRef("customer"))
    return (
        Verification.objects.filter(Q(human_decision=decision.ACCEPTED) | forged, Exists(enrolled), copy_of={})
        .exclude(decided_by=F("asked_by"))
        .defer("image", "sketch")
        .order_by("pk")
    )


def _count(since: datetime | None, with_decisions: bool) -> Counts:
    enrolled = specimens_for_training()
    per_customer = list(enrolled.order_by().values("customer").annotate(own=Count("pk")).values_list("own", flat=True))
    drawn = min(len(per_customer), MOST_CUSTOMERS)
    share = drawn / max(len(per_customer), 1)
    able = round(share * sum(own >= THIN_BELOW for own in per_customer))
    decided = _decided_count() if with_decisions else {"genuine": 0, "forged": 0}
    return Counts(
        enrolled=len(per_customer),
        customers=drawn,
        able=able,
        thin=drawn - able,
        specimens=round(share * sum(per_customer)),
        fresh=None if since is None else round(share * enrolled.filter(approved_at__gt=since).count()),
        held_out=held_out_of(able),
        **{kind: round(share * count) for kind, count in decided.items()},
    )


def _decided_count() -> dict[str, int]:
    """How many genuine and forged ones would be used, of all customers."""
    accepted = Q(human_decision=Verification.Decision.ACCEPTED)
    counted = (
        decisions_for_training()
        .order_by()
        .values("customer")
        .annotate(genuine=Count("pk", filter=accepted), forged=Count("pk", filter=~accepted))
    )
    used = [[min(row[kind], MOST_DECIDED) for kind in ("genuine", "forged")] for row in counted]
    return {"genuine": sum(row[0] for row in used), "forged": sum(row[1] for row in used)}


def _trained_at(champion: ModelVersion | None) -> datetime | None:
    """When the signatures of the champion's training were gathered; None where it was not trained here."""
    if champion is None:
        return None
    run = TrainingRun.objects.filter(produced=champion).select_related("snapshot").first()
    if run is None:
        return None
    return run.snapshot.created_at if run.snapshot else run.started_at


def _obstacles(counts: Counts, champion: ModelVersion | None, start: str) -> list[str]:
    if champion is None and start == TrainingRun.Start.CHAMPION:
        return [_("No model version is in use, so there is none to go on from.")]
    if counts.trained_on < FEWEST_CUSTOMERS:
        return [
            _("There are %(found)d customers with approved specimens to train on; %(least)d are needed.")
            % {"found": counts.trained_on, "least": FEWEST_CUSTOMERS}
        ]
    return []


def _doubts(counts: Counts) -> list[str]:
    doubts = []
    if counts.able < WORTH_CUSTOMERS:
        doubts.append(
            _(
                "Customers with three or more approved specimens: %(able)d of the %(least)d that are needed. "
                "With fewer, nobody could tell a better model from luck; %(missing)d more would do."
            )
            % {"able": counts.able, "least": WORTH_CUSTOMERS, "missing": WORTH_CUSTOMERS - counts.able}
        )
    if counts.fresh == 0 and not counts.decided:
        doubts.append(_("No specimen was approved since the model in use was trained: it has seen all of them."))
    elif counts.fresh is not None and counts.fresh + counts.decided < NEW_SHARE * counts.specimens:
        doubts.append(
            _("Only %(fresh)d of %(all)d specimens are new since the model in use was trained; little can be gained.")
            % {"fresh": counts.fresh, "all": counts.specimens}
        )
    return doubts


def _gain(counts: Counts) -> str:
    if counts.fresh is None:
        return _("The model in use has never seen this bank's signatures; %(able)d customers can teach it.") % {
            "able": counts.able
        }
    return _("New since the model in use was trained: %(fresh)d of %(all)d specimens.") % {
        "fresh": counts.fresh,
        "all": counts.specimens,
    }

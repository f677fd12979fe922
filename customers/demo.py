"""The demo's people and customers: all synthetic, made anew identically on every machine."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from customers import services
from customers.changing import customer_update
from customers.models import Customer, Specimen
from customers.results import DraftResult
from sigweb.accounts.models import Branch, User


@dataclass(frozen=True, slots=True)
class DemoUser:
    username: str
    first_name: str
    last_name: str
    group: str
    branch: str
    is_staff: bool = False
    is_superuser: bool = False


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """`approved` and `pending` specimens of the synthetic signer with this seed."""

    number: str
    seed: int
    branch: str
    approved: int
    pending: int = 0
    instructions: str = ""
    always_refer: bool = False
    closed: bool = False
    signed_years_ago: float = 1.0
    source: str = Specimen.Source.CARD


BRANCHES = {"001": "Head Office", "014": "Harbour Street", "027": "Old Town"}
USERS = (
    DemoUser("teller", "Tara", "Ellison", "teller", "014"),
    DemoUser("verifier", "Victor", "Erikson", "verifier", "014"),
    DemoUser("supervisor", "Susan", "Perry", "supervisor", "014"),
    DemoUser("modeladmin", "Milan", "Dvorak", "model-admin", "001", is_staff=True),
    DemoUser("auditor", "Aude", "Torres", "auditor", "001", is_staff=True),
    DemoUser("admin", "Ada", "Minton", "", "001", is_staff=True, is_superuser=True),
)
CUSTOMERS = (
    DemoCustomer("100001", 11, "014", 5),
    DemoCustomer("100002", 12, "014", 7, signed_years_ago=2.5),
    DemoCustomer("100003", 13, "027", 5, instructions="Signs with the left hand since spring; wavier than before."),
    DemoCustomer("100004", 14, "001", 3, signed_years_ago=6.0, source=Specimen.Source.FORM),
    DemoCustomer("100005", 15, "014", 4, pending=1),
    DemoCustomer("100006", 16, "027", 6),
    DemoCustomer("100007", 17, "001", 2, source=Specimen.Source.FORM),
    DemoCustomer("100008", 18, "027", 1, pending=2, signed_years_ago=0.1),
    DemoCustomer("100009", 19, "014", 5, always_refer=True, instructions="Power of attorney under review; call legal."),
    DemoCustomer("100010", 20, "001", 0, pending=3, signed_years_ago=0.05),
    DemoCustomer("100011", 21, "027", 3, closed=True, signed_years_ago=9.0),
    DemoCustomer("100012", 22, "014", 5, source=Specimen.Source.CHEQUE),
)
SAMPLES = CUSTOMERS[:3]
GENUINE_SEED, FORGERY_SEED = 9001, 9101  # beyond every seed that a specimen uses


def branches_seed() -> dict[str, Branch]:
    """The demo's branches by code."""
    return {
        code: Branch.objects.get_or_create(code=code, defaults={"name": name})[0] for code, name in BRANCHES.items()
    }


def user_seed(*, wanted: DemoUser, branches: dict[str, Branch], password: str | None) -> User:
    """The log-in, made if missing; `password` None keeps the one it has."""
    user = User.objects.filter(username=wanted.username).first()
    if user is None:
        user = User(
            username=wanted.username,
            first_name=wanted.first_name,
            last_name=wanted.last_name,
            branch=branches[wanted.branch],
            is_staff=wanted.is_staff,
            is_superuser=wanted.is_superuser,
        )
    if password is not None:
        user.set_password(password)
        user.save()
    if wanted.group:
        user.groups.add(Group.objects.get(name=wanted.group))
    return user


@transaction.atomic
def customer_seed(*, wanted: DemoCustomer, branch: Branch, enrol_as: User, approve_as: User) -> bool:
    """Enrol and approve a synthetic customer by the ordinary services; False when he is there already."""
    if Customer.objects.filter(number=wanted.number).exists():
        return False
    from mlcore.synthesis import make_signer

    signer = make_signer(wanted.seed)
    enrolment = uuid.uuid4()
    results = _drafts(wanted, enrolment, enrol_as)
    done = services.specimens_submit(
        actor=enrol_as,
        enrolment=enrolment,
        chosen=[result.specimen.public_id for result in results if result.specimen],
        fields={
            "number": wanted.number,
            "name": signer.name,
            "branch": branch,
            "special_instructions": wanted.instructions,
            "always_refer": wanted.always_refer,
        },
        source=wanted.source,
        signed_on=timezone.localdate() - timedelta(days=round(365.25 * wanted.signed_years_ago)),
    )
    for specimen in done.specimens[: wanted.approved]:
        services.specimen_approve(actor=approve_as, specimen=specimen)
    if wanted.closed:
        customer_update(actor=approve_as, customer=done.customer, fields={"status": Customer.Status.CLOSED})
    return True


def _drafts(wanted: DemoCustomer, enrolment: uuid.UUID, actor: User) -> list[DraftResult]:
    """As many drafts as the customer needs; a scan that the quality gate refuses is replaced by the next."""
    from mlcore.synthesis import make_signer, signature_png

    signer = make_signer(wanted.seed)
    results: list[DraftResult] = []
    for seed in range(1, 40):
        if len(results) == wanted.approved + wanted.pending:
            break
        result = services.draft_add(
            actor=actor, enrolment=enrolment, data=signature_png(signer, seed), filename=f"card-{seed:02d}.png"
        )
        if result.chosen:
            results.append(result)
    return results


def samples_write(directory: Path) -> list[Path]:
    """Questioned signatures to try out, as PNG files: genuine, skilled forgery, another signer's."""
    from mlcore.synthesis import make_signer, signature_png

    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for index, wanted in enumerate(SAMPLES):
        signer, stranger = make_signer(wanted.seed), make_signer(900 + wanted.seed)
        for kind in ("genuine", "skilled-forgery", "another-signer"):
            path = directory / f"{wanted.number}-{kind}.png"
            written.append(path)
            if path.exists():
                continue
            if kind == "genuine":
                data = signature_png(signer, GENUINE_SEED + index)
            elif kind == "skilled-forgery":
                data = signature_png(signer, FORGERY_SEED + index, forged_with=0.6)
            else:
                data = signature_png(stranger, GENUINE_SEED + index)
            path.write_bytes(data)
    return written

"""Taking over customers from folders: one folder a customer, one picture a specimen."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from customers import services
from customers.blobs import keyed_digest
from customers.forms import number_clean
from customers.models import Customer, Specimen
from customers.results import Refused
from customers.selectors import specimens_room
from mlcore.imaging import Limits
from sigweb.accounts.models import Branch, User

NAME_FILE = "name.txt"
NUMBER_AND_NAME = re.compile(r"\s+-\s+")


@dataclass(frozen=True, slots=True)
class Folder:
    """One customer as found on disk."""

    path: Path
    number: str
    name: str
    pictures: tuple[Path, ...]


@dataclass(slots=True)
class FolderResult:
    """What became of a folder: counts, and a sentence for everything that was not stored."""

    folder: Folder
    enrolled: int = 0
    approved: int = 0
    known: int = 0
    remarks: list[str] = field(default_factory=list)


def folders_found(directory: Path) -> Iterator[Folder]:
    """The folders of `directory` in natural order; hidden ones and loose files are passed over.

    A folder is called by the customer number, or "number - name"; a name.txt in it wins; without either the
    number serves as the name.
    """
    for path in sorted((p for p in directory.iterdir() if p.is_dir() and not _hidden(p)), key=_natural):
        number, name = _split(path.name)
        name_file = path / NAME_FILE
        if name_file.is_file():
            lines = name_file.read_text(encoding="utf-8-sig", errors="replace").replace("\0", "").strip().splitlines()
            name = lines[0].strip() if lines else name
        pictures = [p for p in path.iterdir() if p.is_file() and not _hidden(p) and p.name.lower() != NAME_FILE]
        yield Folder(path, number, name or number, tuple(sorted(pictures, key=_natural)))


def folder_import(*, folder: Folder, branch: Branch, enrol_as: User, approve_as: User | None = None) -> FolderResult:
    """Enrol what a folder holds and is not stored yet; running it again changes nothing.

    Pictures that are refused, and those for which there is no room, are left out with a sentence each.
    Raises nothing for bad input: everything is said in the result.
    """
    result = FolderResult(folder)
    try:
        number = number_clean(folder.number)
    except ValidationError as error:
        result.remarks.append(f"{folder.path.name}: {error.messages[0]}")
        return result
    customer = Customer.objects.filter(number=number).first()
    enrolment = uuid.uuid4()
    chosen = _drafts(folder, customer, enrol_as, enrolment, result)
    if chosen:
        fields = {"number": number, "name": folder.name[:200], "branch": branch}
        try:
            done = services.specimens_submit(
                actor=enrol_as, enrolment=enrolment, chosen=chosen, customer=customer, fields=fields
            )
            customer, result.enrolled = done.customer, len(done.specimens)
        except Refused as refusal:
            result.remarks.append(f"{folder.path.name}: {refusal.sentence}")
    elif customer is None:
        result.remarks.append(_("%(folder)s: no picture that can be enrolled.") % {"folder": folder.path.name})
    if customer is not None and approve_as is not None:
        _approve(customer, approve_as, result)
    return result


def _drafts(
    folder: Folder, customer: Customer | None, actor: User, enrolment: uuid.UUID, result: FolderResult
) -> list[uuid.UUID]:
    """Check the pictures that are new, until there is no more room; returns those to enrol."""
    room = specimens_room(customer=customer)
    stored = set(customer.specimens.values_list("digest", flat=True)) if customer else set()
    chosen: list[uuid.UUID] = []
    for picture in folder.pictures:
        label = f"{folder.path.name}/{picture.name}"
        try:
            with picture.open("rb") as file:
                data = file.read(Limits().max_bytes + 1)
        except OSError as error:
            result.remarks.append(f"{label}: {error.strerror}")
            continue
        if keyed_digest(data) in stored:
            result.known += 1
            continue
        if len(chosen) >= room:
            result.remarks.append(
                _("%(file)s: left out, the customer has as many specimens as allowed.") % {"file": label}
            )
            continue
        try:
            draft = services.draft_add(
                actor=actor, enrolment=enrolment, data=data, filename=picture.name, customer=customer
            )
        except Refused as refusal:
            result.remarks.append(f"{label}: {refusal.sentence}")
            continue
        if draft.already:
            result.remarks.append(f"{label}: {' '.join(draft.warnings)}")
        elif draft.chosen and draft.specimen is not None:
            chosen.append(draft.specimen.public_id)
            result.remarks.extend(f"{label}: {warning}" for warning in draft.warnings)
        else:
            result.remarks.append(f"{label}: {' '.join(draft.remarks)}")
    return chosen


def _approve(customer: Customer, approve_as: User, result: FolderResult) -> None:
    for specimen in customer.specimens.filter(state=Specimen.State.PENDING).defer("image"):
        try:
            services.specimen_approve(actor=approve_as, specimen=specimen)
            result.approved += 1
        except Refused as refusal:
            result.remarks.append(f"{result.folder.path.name}: {refusal.sentence}")
            return


def _split(name: str) -> tuple[str, str]:
    parts = NUMBER_AND_NAME.split(name.strip(), maxsplit=1)
    return parts[0], parts[1] if len(parts) == 2 else ""


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "__"))


def _natural(path: Path) -> list[tuple[int, str]]:
    """2.png before 10.png."""
    return [(int(part), "") if part.isdigit() else (-1, part.lower()) for part in re.split(r"(\d+)", path.name)]

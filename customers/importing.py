"""Taking over customers from folders: one folder a customer, one picture a specimen."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db.models import TextField, Value
from django.utils.translation import gettext as _

from customers import services
from customers.blobs import keyed_digest
from customers.forms import number_clean
from customers.models import Customer, Fold
from customers.results import Refused
from customers.selectors import specimens_room
from mlcore.imaging import Limits
from sigweb.accounts.models import Branch, User

NAME_FILE = "name.txt"
NAME_LENGTH = 200
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
    """What became of a folder: counts, and a sentence for everything that was not stored.

    digests: of its pictures, by which those that an earlier run has stored are found. waiting: how many of them are
    stored and were not approved.
    """

    folder: Folder
    customer: Customer | None = None
    enrolled: int = 0
    approved: int = 0
    known: int = 0
    waiting: int = 0
    digests: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)

    def remark(self, sentence: str) -> None:
        """Say something about the folder as a whole."""
        self.remarks.append(f"{self.folder.path.name}: {sentence}")


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


def folder_import(*, folder: Folder, branch: Branch, enrol_as: User) -> FolderResult:
    """Enrol what a folder holds and is not stored yet; running it again changes nothing.

    Pictures that are refused, and those for which there is no room, are left out with a sentence each; so is a folder
    whose number belongs to a customer of another name. Raises nothing for bad input: everything is said in the result.
    """
    result = FolderResult(folder)
    try:
        number = number_clean(folder.number)
    except ValidationError as error:
        result.remark(error.messages[0])
        return result
    customer = Customer.objects.filter(number=number).first()
    if customer is not None and not _same_name(folder, customer):
        result.remark(
            _("The customer of this number has another name, so nothing was enrolled. Correct the number or the name.")
        )
        return result
    result.customer = customer
    enrolment = uuid.uuid4()
    chosen = _drafts(folder, customer, enrol_as, enrolment, result)
    if chosen:
        fields = {"number": number, "name": folder.name[:NAME_LENGTH], "branch": branch}
        try:
            done = services.specimens_submit(
                actor=enrol_as, enrolment=enrolment, chosen=chosen, customer=customer, fields=fields
            )
            result.customer, result.enrolled = done.customer, len(done.specimens)
        except Refused as refusal:
            result.remark(refusal.sentence)
    elif customer is None:
        result.remarks.append(_("%(folder)s: no picture that can be enrolled.") % {"folder": folder.path.name})
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
        digest = keyed_digest(data)
        result.digests.add(digest)
        if digest in stored:
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


def _same_name(folder: Folder, customer: Customer) -> bool:
    """Whether the folder's name is the customer's as a search sees it; a folder without a name asks nothing."""
    if folder.name == folder.number:
        return True
    wanted = Value(" ".join(folder.name[:NAME_LENGTH].split()), output_field=TextField())
    ours, theirs = Customer.objects.filter(pk=customer.pk).values_list(Fold(wanted), "name_folded").get()
    return bool(ours == " ".join(theirs.split()))


def _split(name: str) -> tuple[str, str]:
    parts = NUMBER_AND_NAME.split(name.strip(), maxsplit=1)
    return parts[0], parts[1] if len(parts) == 2 else ""


def _hidden(path: Path) -> bool:
    return path.name.startswith((".", "__"))


def _natural(path: Path) -> list[tuple[int, str]]:
    """2.png before 10.png."""
    return [(int(part), "") if part.isdigit() else (-1, part.lower()) for part in re.split(r"(\d+)", path.name)]

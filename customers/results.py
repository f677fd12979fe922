"""What the services hand back, and how they say no."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from customers.models import Customer, Specimen


class Refused(Exception):
    """A rule said no; `sentence` tells the person why and what to do. Nothing has been changed."""

    def __init__(self, code: str, sentence: str, *, customer: Customer | None = None) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.customer = customer


class Overtaken(Exception):
    """Somebody else has changed the same meanwhile; `present` tells, in words, what there is now. Nothing was saved."""

    def __init__(self, present: dict[str, str], *, customer: Customer) -> None:
        super().__init__(", ".join(present))
        self.present = present
        self.customer = customer


@dataclass(frozen=True, slots=True)
class DraftResult:
    """One file that was checked: what was stored (None: the bytes could not be read) and what to tell.

    remarks: what was found. steps: what to do about it. replaced: the draft that this one took the place of. whole: the
    draft that this one was made from and which stays for the other pages of its file, but is not to be enrolled.
    """

    filename: str
    specimen: Specimen | None
    grade: str
    remarks: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    already: bool = False
    replaced: UUID | None = None
    whole: UUID | None = None

    @property
    def pages(self) -> int:
        """How many the file has."""
        return int(self.specimen.quality.get("pages", 1)) if self.specimen else 1

    @property
    def lying(self) -> bool:
        """Whether the signature seems to lie on its side."""
        return bool(self.specimen and self.specimen.quality.get("lying"))

    @property
    def chosen(self) -> bool:
        """Whether the draft can go into the submitted set."""
        return self.specimen is not None and self.grade != Specimen.Grade.REFUSED


@dataclass(frozen=True, slots=True)
class Submitted:
    """A set of specimens stored for a customer; `again`: by an earlier submission of the same form."""

    customer: Customer
    specimens: tuple[Specimen, ...] = ()
    notes: tuple[str, ...] = field(default=())
    again: bool = False

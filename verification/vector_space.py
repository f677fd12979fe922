"""Enrolled signatures' vectors laid on a plane: who lies near whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from django.db.models import QuerySet
from django.utils import timezone
from pgvector.django import L2Distance

from customers.models import MAX_APPROVED
from mlcore.models import Embedding
from verification.identification import searchable
from verification.images import ImageLost, questioned_signature
from verification.models import Verification
from verification.questions import model_demand

if TYPE_CHECKING:
    from mlcore.models import ModelVersion

Floats = npt.NDArray[np.float64]

MOST = 2000  # vectors on one picture
NEAREST = 30
CLOSE = 8  # pairs of customers that are told
COLOURS, SHAPES = 8, 4


@dataclass(frozen=True, slots=True)
class Dot:
    """One signature on the plane, in per cent of width and height. kind: own, questioned or other."""

    x: float
    y: float
    kind: str
    label: str = ""
    link: str = ""
    colour: int = 0
    shape: int = 0


@dataclass(frozen=True, slots=True)
class ClosePair:
    """Two customers and the distance in [0, 2] between those of their signatures that lie closest."""

    left: Dot
    right: Dot
    distance: float


@dataclass(frozen=True, slots=True)
class Plane:
    """dots: what is drawn. kept: share of the variance that the plane shows, 0..1. total: vectors there are.

    close: the customers who lie closest to each other, the closest first. own, own_nearer: of a neighbourhood, the
    specimens that were compared and how many of them lie nearer to the questioned signature than anybody else's.
    """

    dots: tuple[Dot, ...]
    kept: float
    total: int
    customers: int = 0
    close: tuple[ClosePair, ...] = ()
    own: int = 0
    own_nearer: int = 0


def project(vectors: Floats) -> tuple[Floats, float]:
    """(N, D) vectors to (N, 2) places in [0, 1] by principal components, and the share of variance that is kept.

    Deterministic: the component's largest loading is positive. A lone vector, or equal ones, lie in the middle.
    """
    centred = vectors - vectors.mean(axis=0)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2]
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    places = np.zeros((len(vectors), 2))
    places[:, : len(axes)] = centred @ axes.T
    total = float((lengths**2).sum())
    kept = float((lengths[:2] ** 2).sum() / total) if total > 1e-12 else 1.0
    reach = float(np.abs(places).max())
    return (0.5 + 0.5 * places / reach if reach > 1e-9 else np.full_like(places, 0.5)), kept


def everybody_plane(*, version: ModelVersion) -> Plane | None:
    """All enrolled vectors, at most 2,000 of them, spread evenly; None where there are none."""
    found = searchable(version, timezone.localdate()).order_by("specimen__customer", "specimen")
    total = found.count()
    if not total:
        return None
    keys = list(found.values_list("pk", flat=True))
    if total > MOST:
        keys = [keys[int(index)] for index in np.linspace(0, total - 1, MOST)]
    rows = list(_with_customers(Embedding.objects.filter(pk__in=keys)).order_by("specimen__customer", "specimen"))
    vectors = np.array([row.vector for row in rows], dtype=np.float64)
    places, kept = project(vectors)
    order = {key: index for index, key in enumerate(dict.fromkeys(row.specimen.customer_id for row in rows))}
    dots = tuple(
        _dot(place, "other", row, order[row.specimen.customer_id]) for place, row in zip(places, rows, strict=True)
    )
    numbers = np.array([order[row.specimen.customer_id] for row in rows])
    close = tuple(ClosePair(dots[left], dots[right], apart) for left, right, apart in close_pairs(vectors, numbers))
    return Plane(dots, kept, total, len(order), close)


def close_pairs(vectors: Floats, owners: npt.NDArray[np.int64]) -> list[tuple[int, int, float]]:
    """The CLOSE pairs of owners whose unit vectors lie closest: indices of the two vectors and their distance.

    vectors: (N, D). owners: (N,). Each pair of owners once, the closest first.
    """
    apart = np.sqrt(np.maximum(2.0 - 2.0 * (vectors @ vectors.T), 0.0))
    apart[owners[:, None] >= owners[None]] = np.inf
    found: dict[tuple[int, int], tuple[int, int, float]] = {}
    # A pair of owners has at most 7 x 7 pairs of signatures.
    enough = min(CLOSE * MAX_APPROVED**2, apart.size) - 1
    nearest = np.sort(np.argpartition(apart, enough, axis=None)[: enough + 1])
    for place in nearest[np.argsort(apart.ravel()[nearest], kind="stable")]:
        left, right = divmod(int(place), len(vectors))
        if not np.isfinite(apart[left, right]) or len(found) == CLOSE:
            break
        found.setdefault((int(owners[left]), int(owners[right])), (left, right, float(apart[left, right])))
    return list(found.values())


def neighbourhood(*, verification: Verification) -> Plane | None:
    """The questioned signature among those it was compared with and the nearest 30 of others, who stay nameless.

    None when the picture can not be opened or the model is another one now. Raises VerificationRefused without model.
    """
    version, bundle = model_demand()
    if version != verification.model_version:
        return None
    try:
        questioned = bundle.embed_one(questioned_signature(verification).canvas).vector
    except ImageLost:
        return None
    searched = searchable(version, timezone.localdate())
    # Whichever have been approved or retired since.
    judged = [entry["specimen"] for entry in verification.distances]
    compared = Embedding.objects.filter(model_version=version, specimen__public_id__in=judged)
    own = list(compared.values_list("vector", flat=True))
    others = searched.exclude(specimen__customer=verification.customer)
    near = others.annotate(distance=L2Distance("vector", [float(value) for value in questioned])).order_by("distance")
    strangers = list(near.values_list("vector", flat=True)[:NEAREST])
    nearest = min((_apart(questioned, vector) for vector in strangers), default=np.inf)
    kinds = ["questioned", *["own"] * len(own), *["other"] * len(strangers)]
    vectors: Sequence[npt.NDArray[np.float32]] = [questioned, *own, *strangers]
    places, kept = project(np.array(vectors, dtype=np.float64))
    # The questioned one last, so that it lies on top.
    dots = [Dot(*_per_cent(place), kind) for place, kind in zip(places, kinds, strict=True)]
    own_nearer = sum(_apart(questioned, vector) < nearest for vector in own)
    return Plane((*dots[1:], dots[0]), kept, len(vectors), own=len(own), own_nearer=own_nearer)


def _apart(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> float:
    return float(np.linalg.norm(left - right))


def _with_customers(rows: QuerySet[Embedding]) -> QuerySet[Embedding]:
    return rows.select_related("specimen__customer").defer("specimen__image", "local", "sketch")


def _dot(place: Floats, kind: str, row: Embedding, number: int) -> Dot:
    customer = row.specimen.customer
    return Dot(
        *_per_cent(place),
        kind,
        label=customer.number if customer else "",
        link=str(customer.public_id) if customer else "",
        colour=number % COLOURS,
        shape=number // COLOURS % SHAPES,
    )


def _per_cent(place: Floats) -> tuple[float, float]:
    return round(4 + 92 * float(place[0]), 2), round(96 - 92 * float(place[1]), 2)

"""Figures of the honesty tests as JSON keeps them, all within their limits."""

from __future__ import annotations

from typing import Any


def shortcut(of: str, auc: float, dataset: str = "made", **more: Any) -> dict[str, Any]:
    limit = 0.6 if of == "canvas" else None
    return {
        "dataset": dataset, "of": of, "writers": 15, "images": 660, "auc": auc, "interval": [0.3, 0.7], "limit": limit,
        "within": auc <= 0.6 if limit else None, "within_turned": 1 - auc <= 0.6 if limit else None,
        "within_writers": 0.5, "telling": [["mean ink", 0.55]], "by_swapping": [0.3, 0.66] if limit else None, **more,
    }  # fmt: skip


def disturbance(name: str, more: float) -> dict[str, Any]:
    return {
        "name": name, "eer": 0.05 + more, "difference": more, "interval": [more - 0.01, more + 0.01], "frr": 0.1 + more,
        "far": 0.02, "refused_genuine": 0.0, "refused_forged": 0.0, "limit": 0.03, "within": more <= 0.03,
    }  # fmt: skip


def heat(alteration: str, share: float, limit: float | None = None) -> dict[str, Any]:
    return {
        "alteration": alteration, "pairs": 80, "of_map": share, "of_ink": share, "chance_of_map": 0.1,
        "chance_of_ink": 0.1, "limit": limit, "within": None if limit is None else share >= limit,
    }  # fmt: skip


def identified(references: int, rank_one: float = 0.99, found: float = 0.95) -> dict[str, Any]:
    five = references == 5
    return {
        "references": references, "writers": 57, "probes": 400, "probes_at_hand": 450, "rank_one": rank_one,
        "rank_one_interval": [0.9, 1.0], "rank_one_vector": 0.9, "shortlisted": 1.0, "found": found,
        "found_interval": [0.8, 1.0], "rank_one_limit": 0.97 if five else None,
        "rank_one_within": rank_one >= 0.97 if five else None, "found_limit": 0.9, "found_within": found >= 0.9,
    }  # fmt: skip


def figures() -> dict[str, Any]:
    deletion = {
        "pairs": 80, "further": 0.7, "hottest": 1.2, "random": 0.5, "questioned_further": 0.4,
        "questioned_hottest": 1.0, "questioned_random": 2.0, "limit": 0.5, "within": True,
    }  # fmt: skip
    return {
        "shortcuts": [shortcut("file", 0.99), shortcut("canvas", 0.52), shortcut("canvas", 0.45, "drawn")],
        "robustness": {
            "references": 5, "trials": 4, "writers": 57, "genuine": 225, "forged": 228, "clean_eer": 0.05,
            "disturbed": [disturbance("blur", 0.01), disturbance("noise", 0.02)],
        },
        "heat_maps": {
            "found": [heat("doubled", 0.8), heat("all", 0.92, 0.9)], "varied": [heat("all", 0.7)], "deletion": deletion,
        },
        "identification": [identified(1), identified(5)],
    }  # fmt: skip

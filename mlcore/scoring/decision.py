"""The three-way decision and its reasons."""

from __future__ import annotations

from collections.abc import Iterable

from mlcore.scoring.calibration import Calibration
from mlcore.scoring.types import Comparison, Judgement, Reason, Rules, Verdict

# Findings on the image that make every figure doubtful, and those that only excuse a difference.
DOUBTFUL = frozenset({"small", "pale", "soft"})
INCOMPLETE = frozenset({"touches_border"})

WITHIN = Reason("within_threshold", "The signature lies as close to the specimens as genuine ones do.")
BEYOND = Reason("beyond_threshold", "The signature lies further from the specimens than genuine ones do.")
BETWEEN = Reason("between_thresholds", "The signature lies where genuine signatures and skilled forgeries overlap.")
POOR = Reason("poor_image", "The picture is too poor for a sure verdict.")
CUT = Reason("incomplete_image", "Part of the signature may lie outside the picture.")
RULE = Reason("always_refer", "This customer's signatures are always referred to a person.")


def decide(
    comparison: Comparison, calibration: Calibration, *, remarks: Iterable[str] = (), rules: Rules | None = None
) -> Judgement:
    """Match, refer or no match, with every reason that led there.

    remarks: codes of the image's quality. A score at or below t_match is a match, one above t_no_match no match;
    doubt about the image, a rule of the bank or a score between the two refer to a person. A copy of another picture
    is never a match, however close it lies; what would be no match stays that.
    """
    rules, found = rules or Rules(), frozenset(remarks)
    verdict, reason = _by_score(comparison.score, calibration)
    reasons = [rules.copied, reason] if rules.copied else [reason]
    if rules.copied and verdict is Verdict.MATCH:
        verdict = Verdict.REFER
    # A missing part excuses a difference of the size that genuine signatures show, not one beyond them all.
    excusable = verdict is Verdict.NO_MATCH and calibration.frr(comparison.score) > 0
    for applies, why in (
        (found & DOUBTFUL, POOR),
        (found & INCOMPLETE and excusable, CUT),
        (rules.always_refer, RULE),
    ):
        if applies:
            verdict = Verdict.REFER
            reasons.append(why)
    references = len(comparison.distances)
    if references < rules.thin_below:
        reasons.append(_thin(references))
    return Judgement(
        verdict=verdict,
        reasons=tuple(reasons),
        score=comparison.score,
        probability=comparison.probability,
        skilled_within=calibration.skilled_within(comparison.score),
        genuine_beyond=calibration.genuine_beyond(comparison.score),
        likelihood_ratio=calibration.likelihood_ratio(comparison.score),
        t_match=calibration.t_match,
        t_no_match=calibration.t_no_match,
        distances=comparison.distances,
        references=references,
    )


def _by_score(score: float, calibration: Calibration) -> tuple[Verdict, Reason]:
    if score <= calibration.t_match:
        return Verdict.MATCH, WITHIN
    if score > calibration.t_no_match:
        return Verdict.NO_MATCH, BEYOND
    return Verdict.REFER, BETWEEN


def _thin(references: int) -> Reason:
    plural = "specimen" if references == 1 else "specimens"
    sentence = f"Only {references} {plural} could be compared; a verdict on so few is less certain."
    return Reason("thin_set", sentence, {"count": references})

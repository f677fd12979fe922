"""How near a signature must come before a search over many people names one of them."""

from __future__ import annotations

import math

from mlcore.scoring.calibration import TARGET_FAR, Calibration

NAMED_FAR = 0.05  # share of skilled forgeries that may be taken for the signatory, among up to AMONG people
AMONG = 25


def naming_threshold(calibration: Calibration, searched: int) -> float:
    """The score up to which a search among `searched` people names somebody.

    calibration: that for the candidate's number of specimens. A name is an answer to be verified and not a payment, so
    it may rest on a wider threshold than a match: strangers lie much further off than skilled forgeries, and at the
    threshold for a match half of the genuine signatures would find nobody. The more people are searched the more often
    one of them is near by chance. The share of strangers within a score falls at least with the square of the share of
    skilled forgeries within it (measured in docs/adr/013), so with the square root of the number of people the
    expected number of strangers named stays level. A signature that would be a match is always named.
    """
    share = NAMED_FAR * math.sqrt(AMONG / max(searched, AMONG))
    return max(calibration.t_match, calibration.score_at_far(max(share, TARGET_FAR)))

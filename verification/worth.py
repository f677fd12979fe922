"""What a number of specimens is worth: one set of figures, for whoever enrols and for whoever looks at a customer."""

from __future__ import annotations

from dataclasses import dataclass

from mlcore.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Worth:
    """What so many specimens are worth, in shares 0..1 of the calibration writers' signatures.

    matched, referred, refused: of genuine ones. caught, passed: of skilled forgeries, called no match and a match.
    """

    specimens: int
    matched: float
    referred: float
    refused: float
    caught: float
    passed: float
    writers: int


def worth_of(bundle: Bundle, specimens: int) -> Worth | None:
    """From the model's own calibration for this number of specimens, which also decides; None where it has none."""
    calibration = bundle.scorer.calibrations.get(specimens)
    if calibration is None:
        return None
    missed, refused = calibration.frr(calibration.t_match), calibration.frr(calibration.t_no_match)
    return Worth(
        specimens,
        matched=1.0 - missed,
        referred=missed - refused,
        refused=refused,
        caught=1.0 - calibration.far(calibration.t_no_match),
        passed=calibration.far(calibration.t_match),
        writers=calibration.writers,
    )

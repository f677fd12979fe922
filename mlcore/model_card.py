"""A model version's card, written from its manifest alone: what it is, what it was made of, what it reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_MOST = 200  # characters of a value that comes from elsewhere


def card(manifest: Mapping[str, Any], digest: str) -> str:
    """Markdown, for people; the same manifest gives the same text. Values that are missing are left out."""
    lines = [
        f"# Model card: {_plain(manifest['name'])}",
        "",
        "| | |",
        "|---|---|",
        f"| digest of model.json | `{digest}` |",
        f"| format, canvases | {manifest['format']}, {manifest.get('canvas', 1)} |",
    ]
    for key in ("parent", "snapshot"):
        if manifest.get(key):
            lines.append(f"| {key} | `{_plain(manifest[key])}` |")
    lines += [f"| {file} | `{sha256}` |" for file, sha256 in manifest["files"].items()]
    for heading, part in (
        ("What it was made of", _made_of(manifest)),
        ("What its decision was fitted on", _fitted_on(manifest.get("decision"))),
        ("What it reaches", _reaches(manifest.get("figures"))),
        ("Where it decides", _decides(manifest.get("scorer"))),
    ):
        if rows := list(part):
            lines += ["", f"## {heading}", "", *rows]
    return "\n".join(lines) + "\n"


def _made_of(manifest: Mapping[str, Any]) -> Iterator[str]:
    for key in ("data", "training"):
        found = manifest.get(key)
        if isinstance(found, Mapping):
            yield from (f"- {_plain(name)}: {_plain(value)}" for name, value in found.items())


def _fitted_on(decision: Any) -> Iterator[str]:
    if not isinstance(decision, Mapping):
        return
    for key, told in (("manifest", "SHA-256 of manifest.csv"), ("split", "split"), ("refused", "refused images")):
        if key in decision:
            yield f"- {told}: {_plain(decision[key])}"
    for key, told in (("datasets", ""), ("trials", "trials by number of specimens, ")):
        found = decision.get(key)
        if isinstance(found, Mapping):
            yield from (f"- {told}{_plain(name)}: {_plain(value)}" for name, value in found.items())


def _reaches(figures: Any) -> Iterator[str]:
    """Equal error rates by number of specimens, of the test writers where there are such."""
    if not isinstance(figures, Mapping):
        return
    part = figures.get("test") or figures.get("validation") or figures
    pooled = part.get("all") if isinstance(part, Mapping) else None
    references = pooled.get("references") if isinstance(pooled, Mapping) else None
    if not isinstance(references, Mapping):
        return
    yield "| Specimens | Skilled EER % | 95 % interval | Random EER % | FRR at FAR 1 % |"
    yield "|---|---|---|---|---|"
    for count, found in references.items():
        if isinstance(found, Mapping):
            low, high = found.get("skilled_eer_ci") or (None, None)
            cells = [_percent(found.get(name)) for name in ("skilled_eer", "random_eer", "frr_at_far_1")]
            yield f"| {_plain(count)} | {cells[0]} | {_percent(low)} - {_percent(high)} | {cells[1]} | {cells[2]} |"


def _decides(scorer: Any) -> Iterator[str]:
    if not isinstance(scorer, Mapping):
        return
    yield "| Specimens | Match up to | No match beyond |"
    yield "|---|---|---|"
    for count, part in sorted(scorer.items()):
        found = part.get("calibration", {}) if isinstance(part, Mapping) else {}
        yield f"| {_plain(count)} | {_figure(found.get('t_match'))} | {_figure(found.get('t_no_match'))} |"


def _percent(share: Any) -> str:
    return f"{100 * share:.1f}" if isinstance(share, int | float) else "-"


def _figure(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "-"


def _plain(value: Any) -> str:
    """One line without what Markdown or a table would take for markup."""
    text = " ".join(str(value).split())
    text = "".join(letter for letter in text if letter not in "|`<>[]")
    return text if len(text) <= _MOST else text[:_MOST] + "…"

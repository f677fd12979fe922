"""The reasons of a verdict in the reader's language; they are stored in English, as the record of what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mlcore.scoring import Reason
from mlcore.sentences import sentence_in_words
from verification.models import Verification


def entry_in_words(entry: Mapping[str, Any]) -> str:
    """A stored reason, remark on a picture or note on a specimen that was left out, in the active language.

    One whose values are not known keeps the sentence it was stored with.
    """
    values = entry.get("values") or {}
    if entry.get("code") == "thin_set" and "count" in values:
        return _thin(int(values["count"]))
    if "when" in values:
        return _copied(str(entry["code"]), values)
    return sentence_in_words(str(entry.get("sentence", "")))


def reason_copied(code: str, earlier: Verification | None = None) -> Reason:
    """Why a copy is referred. code: copy_of_specimen; same_picture or copy_of_earlier, of an earlier verification."""
    values = {"when": earlier.asked_at.isoformat(), "number": earlier.cheque_number} if earlier else {}
    with translation.override("en"):
        return Reason(code, _copied(code, values), values)


def _thin(count: int) -> str:
    return ngettext(
        "Only %(count)d specimen could be compared; a verdict on so few is less certain.",
        "Only %(count)d specimens could be compared; a verdict on so few is less certain.",
        count,
    ) % {"count": count}


def _copied(code: str, values: Mapping[str, Any]) -> str:
    sentence = {
        "copy_of_specimen": _(
            "The signature coincides with a specimen almost line for line, as signatures written anew do not; "
            "it may be a copy or a tracing of it."
        ),
        # A time may end with a full stop ("9:30 a.m."), so that no sentence ends with it.
        "same_picture": _("The same picture was verified before, %(occasion)s; look at the answer given then."),
        "copy_of_earlier": _(
            "The signature coincides almost line for line with one verified before, %(occasion)s, as signatures "
            "written anew do not. If it is the same paper, look at the answer given then."
        ),
    }[code]
    return sentence % {"occasion": _occasion(values)} if values else sentence


def _occasion(values: Mapping[str, Any]) -> str:
    when = date_format(timezone.localtime(datetime.fromisoformat(values["when"])), "DATETIME_FORMAT")
    if values.get("number"):
        return _("on %(when)s, for cheque %(number)s") % {"when": when, "number": values["number"]}
    return _("on %(when)s") % {"when": when}

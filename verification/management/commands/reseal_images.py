from __future__ import annotations

from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from mlcore.management.progress import counting
from verification.resealing import PLACES, Resealed, place_reseal

_NAMED = 10  # of those that can not be opened


class Command(BaseCommand):
    help = (
        "Seal all stored pictures anew with the first key of DATA_KEYS, so that the others can leave it. It may be "
        "stopped and run again, also while people work: start web and workers with the new key first."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        unopened = []
        with counting() as tell:
            for place in PLACES:
                found = place_reseal(place, partial(tell, place.title))
                self.stdout.write(f"{place.title}: {found.anew} sealed anew.")
                if found.damaged:
                    unopened.append(_told(place.title, found))
        for sentence in unopened:
            self.stderr.write(sentence)
        rest = "Nothing else" if unopened else "Nothing"
        self.stdout.write(f"{rest} needs an earlier key of DATA_KEYS any more.")


def _told(title: str, found: Resealed) -> str:
    names = ", ".join(map(str, found.damaged[:_NAMED])) + (", ..." if len(found.damaged) > _NAMED else "")
    return f"{title}: {len(found.damaged)} can not be opened with any key of DATA_KEYS and stay as they are: {names}."

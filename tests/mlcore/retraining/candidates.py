"""A candidate beside the champion, its gate, specimens of both, and administrators, for the tests of promotions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from customers.models import Specimen
from mlcore.models import GateReport, ModelVersion
from mlcore.services import features_for, model_install
from sigweb.accounts.models import User
from tests.mlcore.bundles import make_bundle
from tests.mlcore.making import drawn_png, make_customer, make_specimen, make_user

PROMOTE = "mlcore.promote_modelversion"


def administrator(**fields: Any) -> User:
    return make_user(PROMOTE, **fields)


def make_candidate(name: str = "other", seed: int = 2, **fields: Any) -> ModelVersion:
    """A model version with another network than the champion's, not measured yet."""
    folder = make_bundle(Path(settings.MODELS_DIR) / name, name=name, seed=seed, **fields)
    return model_install(directory=folder.name)[0]


def make_gate(candidate: ModelVersion, champion: ModelVersion, *, promotable: bool = True) -> GateReport:
    return GateReport.objects.create(candidate=candidate, champion=champion, promotable=promotable, report={})


def enrolled(champion: ModelVersion, count: int, *, first: int = 0, **fields: Any) -> list[Specimen]:
    """Specimens of one customer, with their vectors under the champion."""
    customer = make_customer()
    made = [make_specimen(customer, data=drawn_png(first + number), **fields) for number in range(count)]
    features_for(specimens=made, version=champion)
    return made


def at_once(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """What these return or raise, each in a thread and with a connection of its own, begun at the same moment."""
    start, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(index: int) -> None:
        try:
            start.wait(timeout=10)
            results[index] = jobs[index]()
        except Exception as error:
            results[index] = error  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results

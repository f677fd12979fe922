"""Re-embedding for a promotion: specimens a second on one core, and where the time goes: `python -m bench.reembedding`.

Through the service of the worker, on a PostgreSQL of its own that writes to disk as in production. First without kept
canvases, as after an update from a version that kept none: every image is decrypted, decoded and normalised. Then with
them, as ever after. "A core" counts the processor time of this process, so that a busy machine does not blur it; the
wall time beside it holds the waiting for PostgreSQL and for other programs.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from sigweb.embedded.services import EMBED
from tests.servers import Servers

PICTURES, CUSTOMERS = 100, 12  # each customer has every picture
MUST, AIM = 150, 400
LONGEST = 600.0  # seconds to wait for the worker


class Clock:
    """Processor time spent in named parts; a part within a part counts for the inner one alone."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    def watch(self, owner: Any, name: str, part: str) -> None:
        """From now on, calls of `owner.name` count for `part`."""
        work: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **fields: Any) -> Any:
            self._inner.append(0.0)
            began = time.process_time()
            try:
                return work(*args, **fields)
            finally:
                taken = time.process_time() - began
                self.spent[part] += taken - self._inner.pop()
                if self._inner:
                    self._inner[-1] += taken

        setattr(owner, name, timed)


@contextmanager
def database() -> Iterator[None]:
    """A migrated database, which Django is set up for, with models in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        servers = Servers(Path(folder))
        servers.postgres.settings = {}  # not the tests' throwaway ones
        key, other = (
            base64.b64encode(text).decode()
            for text in (b"for the bench only: 32 bytes key", b"for the bench only: a digest key")
        )
        os.environ.update(servers.environment())
        os.environ.update(
            ENV_FILE=os.devnull, SECRET_KEY="for-the-bench-only-" + "x" * 50, DATA_KEYS=key, DIGEST_KEY=other
        )
        os.environ.update(ALLOWED_HOSTS="localhost", MODELS_DIR=f"{folder}/models", LOG_LEVEL="ERROR", HTTPS="false")
        os.environ["DJANGO_SETTINGS_MODULE"] = "sigweb.settings"
        servers.start()
        servers.make_database()
        import django

        django.setup()
        try:
            yield
        finally:
            from django.db import connections

            connections.close_all()
            servers.stop()


def candidate(name: str) -> Any:
    """The shipped base under another name, measured as promotable against the champion."""
    from django.conf import settings

    from mlcore.bundle import BASE_DIRECTORY
    from mlcore.models import GateReport
    from mlcore.selectors import model_champion
    from mlcore.services import model_install

    folder = Path(settings.MODELS_DIR) / name
    shutil.copytree(BASE_DIRECTORY, folder)
    manifest = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    (folder / "model.json").write_text(json.dumps({**manifest, "name": name}), encoding="utf-8")
    version, _ = model_install(directory=name)
    GateReport.objects.create(candidate=version, champion=model_champion(), promotable=True, report={})
    return version


def promote(version: Any, clock: Clock) -> None:
    """Promote it in one long turn and print the rate and the shares."""
    from mlcore.models import Promotion
    from mlcore.retraining.advancing import promotion_advance
    from mlcore.retraining.promotion import promotion_request
    from mlcore.selectors import model_bundle

    model_bundle(version)  # a worker loads it once
    promotion = promotion_request(version=version, actor=None)
    clock.spent.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    promotion_advance(public_id=promotion.public_id, seconds=3600)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    promotion.refresh_from_db()
    if promotion.state != Promotion.State.DONE:
        raise SystemExit(f"Not promoted: {promotion.message}")
    rate = promotion.done / cpu
    grade = "as aimed for" if rate >= AIM else "as it must" if rate >= MUST else "TOO SLOW"
    print(f"{version.name:10}{promotion.done:6} specimens {rate:6.0f} a second and core ({grade})", end="")
    print(f", {promotion.done / wall:5.0f} a second of wall time")
    shares = {**clock.spent, "rows, SQL and the rest": cpu - sum(clock.spent.values())}
    for part, spent in sorted(shares.items(), key=lambda item: -item[1]):
        print(f"  {part:26}{1000 * spent / promotion.done:7.2f} ms {100 * spent / cpu:5.1f} %")


def memory(version: Any) -> tuple[float, float]:
    """MB at the highest of a Celery embed worker while it promotes, reading every image.

    Returns the set that is its own with its share of what it has in common with others (PSS) of the worker and its
    child together, and all that the child has in use (RSS), which counts what it shares with the worker once more.
    """
    from mlcore.models import Promotion, SpecimenCanvas
    from mlcore.retraining.promotion import promotion_request

    SpecimenCanvas.objects.all().delete()
    with subprocess.Popen(
        [sys.executable, "-m", *EMBED], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as worker:
        try:
            promotion = promotion_request(version=version, actor=None)
            shares, wholes, until = [0.0], [0.0], time.monotonic() + LONGEST
            while promotion.is_open and time.monotonic() < until:
                time.sleep(0.1)
                promotion.refresh_from_db()
                both = processes(worker.pid)
                shares.append(sum(process.pss for process in both) / 1e6)
                wholes.append(max((process.rss for process in both), default=0) / 1e6)
        finally:
            worker.terminate()
    if promotion.state != Promotion.State.DONE:
        raise SystemExit(f"The worker did not promote it: {promotion.message or promotion.state}")
    return max(shares), max(wholes)


def processes(pid: int) -> list[Any]:
    """What psutil tells of the memory of a process and its children; without those that end meanwhile."""
    found = []
    with suppress(psutil.Error):
        worker = psutil.Process(pid)
        for process in (worker, *worker.children(recursive=True)):
            with suppress(psutil.Error):
                found.append(process.memory_full_info())
    return found


def main() -> None:
    """Print the figures without and with kept canvases, and the memory of a process that makes them."""
    with database():
        import cv2

        from mlcore import canvases, runtime, services
        from mlcore.imaging import preparing
        from mlcore.models import SpecimenCanvas
        from mlcore.services import model_install
        from mlcore.synthesis import make_signer, signature_png
        from tests.mlcore.making import make_customer, make_specimen

        cv2.setNumThreads(1)
        model_install()
        pictures = [signature_png(make_signer(number), 1) for number in range(PICTURES)]
        for _ in range(CUSTOMERS):
            customer = make_customer()
            for picture in pictures:
                make_specimen(customer, data=picture)
        clock = Clock()
        clock.watch(services, "unseal", "decrypting")
        clock.watch(preparing, "decode", "decoding")
        clock.watch(services, "prepare", "normalising")
        clock.watch(canvases, "_opened", "opening kept canvases")
        clock.watch(canvases, "_sealed", "sealing canvases")
        clock.watch(runtime.Network, "run", "network")
        clock.watch(services, "sketch_of", "sketches")
        promote(candidate("first"), clock)
        assert SpecimenCanvas.objects.count() == PICTURES * CUSTOMERS
        promote(candidate("after"), clock)
        sizes = [len(bytes(sealed)) for sealed in SpecimenCanvas.objects.values_list("sealed", flat=True)]
        print(
            f"a kept canvas has {sum(sizes) / len(sizes):.0f} bytes, its image {sum(map(len, pictures)) / PICTURES:.0f}"
        )
        share, whole = memory(candidate("memory"))
        print(
            f"a Celery embed worker has {share:.0f} MB at its highest (PSS of both processes; RSS of one {whole:.0f})"
        )


if __name__ == "__main__":
    main()

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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import Servers

PICTURES, CUSTOMERS = 100, 12  # each customer has every picture
MUST, AIM = 150, 400
WORKER = """
import pathlib, sys
import django
django.setup()
from mlcore.retraining.advancing import promotion_advance
promotion_advance(public_id=sys.argv[1], seconds=3600)
status = pathlib.Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0])  # not ru_maxrss, which counts what its parent had
"""


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


def memory(version: Any) -> float:
    """MB at the highest of a process that does nothing but the work of the worker, reading every image."""
    from mlcore.models import Promotion, SpecimenCanvas
    from mlcore.retraining.promotion import promotion_request

    SpecimenCanvas.objects.all().delete()
    promotion = promotion_request(version=version, actor=None)
    command = [sys.executable, "-c", WORKER, str(promotion.public_id)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if Promotion.objects.get(pk=promotion.pk).state != Promotion.State.DONE:
        raise SystemExit("The process did not promote it.")
    return int(done.stdout) / 1024


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
        print(f"a process that does nothing else has {memory(candidate('memory')):.0f} MB at its highest")


if __name__ == "__main__":
    main()

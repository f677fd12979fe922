"""Retraining 500 customers with 5 specimens each, and verifying meanwhile: `python -m bench.retraining`.

The real train worker, as the demo starts it, on a PostgreSQL and a Redis of its own. Told are the whole run and its
phases, the worker's largest memory, and the time of a verification (in the process of this bench, as the web process
does it) before and during the training.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import psutil

from bench.reembedding import database

CUSTOMERS, SPECIMENS = 500, 5
FIRST_SIGNER = 700_001  # below the seeds that are trained on
MUST_MINUTES, AIM_MINUTES = 15, 10
MUST_MEMORY = 3.0  # GB
ALONE = 60


def drawn(signer: int) -> list[bytes]:
    """The pictures of one customer, one more than is enrolled."""
    from mlcore.synthesis import make_signer, signature_png

    return [signature_png(make_signer(signer), seed) for seed in range(SPECIMENS + 1)]


def enrol(pictures: list[list[bytes]]) -> list[Any]:
    """Customers with approved specimens, written straight into the tables: approval is not what is measured."""
    from django.utils import timezone

    from customers.blobs import keyed_digest, seal
    from customers.models import Customer, Specimen
    from sigweb.accounts.models import Branch, User

    branch = Branch.objects.create(code="B1", name="Bench")
    person = User.objects.create_user(username="bench", branch=branch)
    made = []
    for number, own in enumerate(pictures):
        customer = Customer.objects.create(number=f"B{number:05}", name=f"Customer {number}", branch=branch)
        for data in own[:SPECIMENS]:
            specimen = Specimen(
                customer=customer,
                enrolment=uuid.uuid4(),
                digest=keyed_digest(data),
                media_type="image/png",
                width=1,
                height=1,
                quality_grade=Specimen.Grade.GOOD,
                state=Specimen.State.APPROVED,
                enrolled_by=person,
                approved_by=person,
                approved_at=timezone.now(),
            )
            specimen.image = seal(data, context=str(specimen.public_id))
            specimen.save()
        made.append(customer)
    return made


def verifying(customers: list[Any], pictures: list[list[bytes]], go_on: Callable[[int], bool]) -> list[float]:
    """Seconds of each verification, as long as wanted."""
    from sigweb.accounts.models import User
    from verification.services import verification_run

    person = User.objects.get(username="bench")
    seconds: list[float] = []
    while go_on(len(seconds)):
        which = len(seconds) % 20
        began = time.perf_counter()
        verification_run(
            customer=customers[which], data=pictures[which][SPECIMENS], actor=person, request_token=uuid.uuid4()
        )
        seconds.append(time.perf_counter() - began)
        time.sleep(0.2)
    return seconds


def p95(seconds: list[float]) -> float:
    """The 95th percentile."""
    return sorted(seconds)[int(0.95 * len(seconds))]


def memory_of(pid: int) -> float:
    """Resident gigabytes of a process and its children."""
    try:
        process = psutil.Process(pid)
        return sum(part.memory_info().rss for part in (process, *process.children(recursive=True))) / 1e9
    except psutil.Error:
        return 0.0


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, help="other than the default of a run, which takes ten minutes or more")
    options = parser.parse_args()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        pictures = list(pool.map(drawn, range(FIRST_SIGNER, FIRST_SIGNER + CUSTOMERS), chunksize=16))
    with database():
        from mlcore.models import DEFAULT_STEPS, TrainingRun
        from mlcore.retraining.rates import curve_rate
        from mlcore.retraining.runs import run_start
        from mlcore.services import model_install
        from sigweb.embedded.services import TRAIN

        model_install()
        customers = enrol(pictures)
        verifying(customers, pictures, lambda done: done < 25)  # makes the vectors, loads the model
        before = verifying(customers, pictures, lambda done: done < ALONE)
        run = run_start(actor=None, steps=options.steps or DEFAULT_STEPS)
        worker = subprocess.Popen([sys.executable, "-m", *TRAIN], stdout=subprocess.DEVNULL)
        try:
            during, largest, phases = _watched(run, worker.pid, customers, pictures)
        finally:
            worker.terminate()
            worker.wait(timeout=60)
        run = TrainingRun.objects.get(pk=run.pk)
        if run.state != TrainingRun.State.SUCCEEDED:
            raise SystemExit(f"The run ended as {run.state}: {run.message}")
    minutes = sum(phases.values()) / 60
    print(
        f"{CUSTOMERS} customers x {SPECIMENS} specimens, {run.steps} steps: {minutes:.1f} min (must {MUST_MINUTES}, "
        f"aim {AIM_MINUTES}): " + ", ".join(f"{name} {taken:.0f} s" for name, taken in phases.items())
    )
    besides = sum(taken for name, taken in phases.items() if name != TrainingRun.Phase.TRAINING)
    print(f"for mlcore/retraining/rates.py: {curve_rate(run.curves) or 0:.0f} images/s, {besides:.0f} s besides")
    print(f"train worker at most {largest:.2f} GB (must {MUST_MEMORY})")
    print(
        f"verification p95 {1000 * p95(before):.0f} ms alone, {1000 * p95(during):.0f} ms while it trains: "
        f"{p95(during) / p95(before):.2f} x (must 2)"
    )


def _watched(
    run: Any, worker: int, customers: list[Any], pictures: list[list[bytes]]
) -> tuple[list[float], float, dict[str, float]]:
    """Verify while the run goes on; (seconds each while it trained, largest memory, seconds of each phase)."""
    largest, phases, last, training = 0.0, {}, time.monotonic(), []

    def go_on(done: int) -> bool:
        nonlocal largest, last
        run.refresh_from_db()
        now = time.monotonic()
        if run.state == run.State.RUNNING:
            phases[run.phase] = phases.get(run.phase, 0.0) + now - last
        if run.phase == run.Phase.TRAINING:
            training.append(done)
        last = now
        largest = max(largest, memory_of(worker))
        if not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE:
            raise SystemExit("The train worker has ended.")
        return bool(run.is_open)

    seconds = verifying(customers, pictures, go_on)
    return [seconds[place] for place in training if place < len(seconds)], largest, phases


if __name__ == "__main__":
    main()

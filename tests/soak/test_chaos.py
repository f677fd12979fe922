"""`make soak`: the whole system while its processes are killed at random, and under load. Minutes, not seconds.

SOAK_SECONDS says how long each test goes on; the seed of a run is printed, so that it can be run again by SOAK_SEED.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sigweb.embedded.processes import start_time
from sigweb.probe import healthy
from tests.sigweb.embedded.test_demo import Demo, all_ended, free_port

pytestmark = pytest.mark.soak

SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
SEED = int(os.environ.get("SOAK_SEED", str(random.randrange(10**6))))
LOADERS = 8
# The launcher gives up on what ends more often than five times a minute.
BETWEEN_KILLS = 15.0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "var", free_port())
    try:
        running.wait_until_ready()
        yield running
        pids = running.pids()
        assert running.stop(signal.SIGINT) == 0, running.output
        assert all_ended(pids, 5)
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGTERM)


def wait_until_healthy(demo: Demo, seconds: float = 30) -> float:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if healthy("127.0.0.1", demo.port):
            return time.monotonic() - began
        time.sleep(0.1)
    raise AssertionError("The system did not recover.")


def test_any_process_may_be_killed_at_any_time(demo: Demo) -> None:
    chance = random.Random(SEED)
    print(f"SOAK_SEED={SEED}")
    recoveries: dict[str, list[float]] = {}
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        row = chance.choice(json.loads((demo.var / "processes.json").read_text()))
        if start_time(row["pid"]) != row["started"]:
            continue
        os.kill(row["pid"], signal.SIGKILL)
        time.sleep(1)
        recoveries.setdefault(row["name"], []).append(1 + wait_until_healthy(demo))
        time.sleep(chance.uniform(BETWEEN_KILLS, BETWEEN_KILLS + 5))
    for name, seconds in sorted(recoveries.items()):
        print(f"{name}: killed {len(seconds)} times, well again after {max(seconds):.1f} s at most")
    assert recoveries


def test_many_at_once_are_served_and_none_gets_an_error(demo: Demo) -> None:
    statuses: Counter[int] = Counter()
    times: list[float] = []
    lock = threading.Lock()
    end = time.monotonic() + SECONDS

    def ask() -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", demo.port, timeout=30)
            connection.request("GET", "/login/")
            status = connection.getresponse().status
            connection.close()
            with lock:
                statuses[status] += 1
                times.append(time.monotonic() - began)

    threads = [threading.Thread(target=ask) for _ in range(LOADERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    slowest = times[len(times) * 99 // 100]
    print(f"{len(times)} pages, median {statistics.median(times):.3f} s, 99 % within {slowest:.3f} s")
    assert set(statuses) == {200}

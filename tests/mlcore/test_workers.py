"""Real worker processes: what is killed in the middle is neither lost nor late, and no process loads TensorFlow."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from customers.models import Specimen
from customers.services import draft_add, specimens_submit
from mlcore import tasks
from mlcore.models import Embedding, ModelVersion
from sigweb.accounts.models import Branch, User
from sigweb.celery import app
from tests.mlcore.making import drawn_png, make_user

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """A Celery worker on the embed queue, in a process group of its own."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        command = [
            *(sys.executable, "-m", "celery", "--app", "sigweb", "worker"),
            *("--queues", "embed", "--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        ]
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True
            )

    def kill(self) -> None:
        """kill -9 of the worker and all of its children at once: nobody can tidy up."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill()


@pytest.fixture
def start_worker(servers: Any, server_environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    app.control.purge()
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker({**server_environment, "LOG_LEVEL": "INFO"}, tmp_path / "worker.log"))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()
    app.control.purge()
    with app.connection_for_write() as connection:
        connection.default_channel.client.delete("unacked", "unacked_index")


def wait_for(what: Callable[[], bool], seconds: float, log: Path) -> float:
    """Wait until `what` is true; returns how long that took."""
    start = time.monotonic()
    while not what():
        if time.monotonic() - start > seconds:
            pytest.fail(f"Not within {seconds} s. The worker's log:\n{log.read_text()[-4000:]}")
        time.sleep(0.02)
    return time.monotonic() - start


def unacknowledged() -> int:
    with app.connection_for_read() as connection:
        return int(connection.default_channel.client.hlen("unacked"))


def enrol(actor: User, customers: int, pages: list[bytes]) -> None:
    """Through the services of the pages: all drafts first, then the submits at once, so that the queue fills."""
    forms = []
    for _ in range(customers):
        enrolment = uuid.uuid4()
        drafts = [draft_add(actor=actor, enrolment=enrolment, data=page).specimen for page in pages]
        forms.append((enrolment, [draft.public_id for draft in drafts if draft is not None]))
    branch, _ = Branch.objects.get_or_create(code="T1", defaults={"name": "Test Street"})
    for enrolment, chosen in forms:
        fields = {"number": str(enrolment)[:8], "name": "Drawn Person", "branch": branch}
        specimens_submit(actor=actor, enrolment=enrolment, chosen=chosen, fields=fields)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_amid_50_enrolments_loses_none(
    champion: ModelVersion, start_worker: Callable[[], Worker], tmp_path: Path
) -> None:
    log, teller = tmp_path / "worker.log", make_user()
    pages = [drawn_png(seed) for seed in range(5)]
    worker = start_worker()
    wait_for(lambda: log.exists() and " ready." in log.read_text(), 60, log)

    enrol(teller, 5, pages)
    wait_for(lambda: Embedding.objects.count() >= 3, 60, log)
    worker.kill()
    # What the killed worker had taken is in no queue: the broker gives it back after hours only.
    assert unacknowledged() > 0
    enrol(teller, 5, pages)
    assert Specimen.objects.filter(state="pending").count() == 50
    assert 3 <= Embedding.objects.count() < 50

    start_worker()
    wait_for(lambda: Embedding.objects.count() == 50, 60, log)
    assert set(Embedding.objects.values_list("specimen_id", flat=True)) == set(
        Specimen.objects.values_list("pk", flat=True)
    )
    assert set(Embedding.objects.values_list("model_version_id", flat=True)) == {champion.pk}
    wait_for(lambda: tasks.queue_depth() == 0, 30, log)


HEAVY = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "sigweb.settings"
import django
django.setup()
{imports}
heavy = sorted({{"tensorflow", "keras", "matplotlib", "tf2onnx"}} & set(sys.modules))
sys.exit("loaded: " + ", ".join(heavy) if heavy else 0)
"""


@pytest.mark.parametrize(
    "imports",
    [
        "import sigweb.wsgi, sigweb.urls, mlcore.admin, verification.urls, onnxruntime",
        "from sigweb.celery import app; app.loader.import_default_modules(); import onnxruntime, mlcore.tasks",
    ],
    ids=["web", "embed worker"],
)
def test_what_serves_never_loads_tensorflow_or_matplotlib(imports: str, server_environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", HEAVY.format(imports=imports)]
    done = subprocess.run(command, cwd=ROOT, env=server_environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

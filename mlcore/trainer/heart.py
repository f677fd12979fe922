"""The run's heartbeat: a thread that says every few seconds that its process lives, and hears whether to stop."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Self

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from mlcore.models import TrainingRun
from mlcore.retraining.runs import HEARTBEAT_SECONDS, ClaimLost, run_heartbeat

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """The run is asked to stop."""


class Heart:
    """Beats while the `with` block runs. A database that does not answer is no reason to stop: it may come back."""

    def __init__(self, run: TrainingRun, *, seconds: float = HEARTBEAT_SECONDS) -> None:
        self._run = run
        self._seconds = seconds
        self._ended = threading.Event()
        self._asked = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heartbeat")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def should_stop(self) -> bool:
        return self._asked.is_set() or self._lost.is_set()

    def check(self) -> None:
        """Raises Stopped when the run was cancelled, ClaimLost when it belongs to another process by now."""
        if self._lost.is_set():
            raise ClaimLost
        if self._asked.is_set():
            raise Stopped

    def _beat(self) -> None:
        try:
            while not self._ended.wait(self._seconds):
                self._once()
        finally:
            connection.close()

    def _once(self) -> None:
        try:
            close_old_connections()
            if run_heartbeat(self._run):
                self._asked.set()
        except ClaimLost:
            self._lost.set()
        except (DatabaseError, InterfaceError):
            logger.warning("The heartbeat of run %s could not be stored.", self._run.public_id, exc_info=True)
            connection.close()

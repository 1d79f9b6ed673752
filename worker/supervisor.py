"""The worker's own work: claims jobs, starts a child for each, and sweeps what others left."""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from core.collection import collect_when_due
from core.database import reading_scope, session_scope, utc_now
from core.jobs import lease
from core.jobs.queue import ring
from core.jobs.silence import Silence
from core.jobs.waiting import waiting_ids
from core.settings import Settings
from core.storage import StorageAwayError, open_store
from worker.attempt import Attempt
from worker.leftovers import remove_checkpoints, remove_leftovers
from worker.predictions import PredictionDesk
from worker.registration import Registration
from worker.spare import Spare
from worker.threads import thread_environment
from worker.watch import Watch

_CLAIM_SECONDS = 2.0
_SPARE_SECONDS = 1.0
_CLOSE_SECONDS = 4.0
_MISSED_HEARTBEATS = 2
"""After its lease has run out, a worker that lives has so many left to show itself."""

_log = logging.getLogger(__name__)


class Supervisor:
    """Trains as many jobs at a time as there are slots.

    A doorbell only makes it look at the database sooner: it looks every two seconds anyhow, so that a lost message
    does no harm.

    Args:
        settings: slots, lease, heartbeat.
        db_engine: the database.
    """

    def __init__(self, settings: Settings, db_engine: Engine) -> None:
        self._settings = settings
        self._db_engine = db_engine
        self._store = open_store(settings)
        self._registration = Registration(settings, db_engine)
        self._machine_slots = settings.worker_slots
        self._spare = Spare(self._environment, self._note_device)
        self.predictions = PredictionDesk(db_engine, self._spare)
        self._silence = Silence(_MISSED_HEARTBEATS * settings.heartbeat_seconds)
        self._watches: dict[str, Watch] = {}
        self._lock = threading.Lock()
        self._doorbell = threading.Event()
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._claim_all, name="claims"),
            self._every(settings.heartbeat_seconds, self._report, "heartbeat"),
            self._every(settings.sweep_seconds, self._sweep, "sweeper"),
            self._every(settings.sweep_seconds, self._collect, "collector"),
            self._every(_SPARE_SECONDS, self._spare.maintain, "spare"),
        ]

    def start(self) -> None:
        """Begin to work, in threads of its own."""
        self._guard(self._report)
        for thread in self._threads:
            thread.start()
        self.predictions.start()

    def wake(self) -> None:
        """The doorbell: a job waits."""
        self._doorbell.set()

    def close(self) -> None:
        """Let all runs write a checkpoint if it does not take long, give their jobs back, end every child."""
        self._closing.set()
        self._doorbell.set()
        for thread in self._threads:
            thread.join(_CLOSE_SECONDS)
        with self._lock:
            watches = list(self._watches.values())
        for watch in watches:
            watch.close()
        self.predictions.close()
        self._spare.close()
        for watch in watches:
            watch.join(self._settings.shutdown_seconds + _CLOSE_SECONDS)
        self._guard(self._registration.withdraw)

    def _claim_all(self) -> None:
        while not self._closing.is_set():
            self._doorbell.wait(_CLAIM_SECONDS)
            self._doorbell.clear()
            self._guard(self._fill_slots)

    def _fill_slots(self) -> None:
        while not self._closing.is_set() and len(self._running()) < self._settings.worker_slots:
            with reading_scope(self._db_engine) as connection:
                if not waiting_ids(connection, limit=1):
                    return
            attempt = Attempt.claim_next(self._db_engine, self._registration.worker_id, self._settings)
            if attempt is None:
                return
            self._begin(attempt)

    def _begin(self, attempt: Attempt) -> None:
        _log.info("job %s starts, attempt %d", attempt.job_id, attempt.number)
        try:
            watch = Watch(self._settings, attempt, self._spare.take(), self._forget)
        except OSError as error:
            attempt.give_back(f"the worker could not start a process: {error}")
            raise
        with self._lock:
            self._watches[attempt.job_id] = watch
        watch.start()
        self._report()

    def _forget(self, job_id: str) -> None:
        with self._lock:
            self._watches.pop(job_id, None)
        _log.info("job %s has left this worker", job_id)
        self.wake()
        self._guard(self._report)

    def _running(self) -> list[str]:
        with self._lock:
            return sorted(self._watches)

    def _report(self) -> None:
        self._machine_slots = self._registration.report(self._running())

    def _sweep(self) -> None:
        with session_scope(self._db_engine, read_only=True) as session:
            overdue = lease.find_overdue(session, utc_now(), self._settings.lease_seconds)
        lost = self._silence.find_lasting(overdue)
        if lost:
            self._take_away(lost)
        remove_leftovers(self._settings, self._db_engine)
        remove_checkpoints(self._settings, self._db_engine, self._store)

    def _take_away(self, lost: Mapping[str, lease.Lease]) -> None:
        with session_scope(self._db_engine) as session:
            swept = lease.sweep(session, lost, self._settings.max_attempts)
        for job_id in swept:
            _log.warning("job %s had lost its worker and waits again", job_id)
            ring(job_id)

    def _collect(self) -> None:
        collect_when_due(self._settings, self._db_engine, self._store, self._closing.is_set)

    def _environment(self) -> dict[str, str]:
        return thread_environment(self._machine_slots, threads=self._settings.run_threads)

    def _note_device(self, message: dict[str, Any]) -> None:
        self._registration.device = str(message["device"])
        self._guard(self._report)

    def _every(self, seconds: float, act: Callable[[], None], name: str) -> threading.Thread:
        def repeat() -> None:
            while not self._closing.wait(seconds):
                self._guard(act)

        return threading.Thread(target=repeat, name=name)

    @staticmethod
    def _guard(act: Callable[[], None]) -> None:
        """Act; what refuses now, such as a database or a store that is away, is asked again the next time."""
        try:
            act()
        except (SQLAlchemyError, StorageAwayError, OSError) as error:
            _log.warning("%s: %s", type(error).__name__, error)
        except Exception:
            # A worker whose thread has ended would hold its jobs and do nothing for them.
            _log.exception("the worker tries again")

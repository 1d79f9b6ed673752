"""One run: its child from the first order to the end, seen from the worker."""

import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from core.jobs.errors import JobError
from core.settings import Settings
from worker.attempt import SHUTDOWN_REASON, Attempt
from worker.child import Child
from worker.death import count_memory_kills, describe_death

_WAIT_SECONDS = 0.1
_LOOK_SECONDS = 0.4
_GRACE_SECONDS = 0.8
_WRITE_TRIES = 5

_log = logging.getLogger(__name__)


class Watch(threading.Thread):
    """Renews the lease of a run, stops it when it is cancelled or its time is over, and reports how it died.

    Args:
        settings: lease and heartbeat.
        attempt: what is trained.
        child: a warm child.
        on_end: called with the job's identifier when all is written.
    """

    def __init__(
        self, settings: Settings, attempt: Attempt, child: Child, on_end: Callable[[str], None]
    ) -> None:
        super().__init__(name=f"watch-{attempt.job_id}")
        self._settings = settings
        self._attempt = attempt
        self._child = child
        self._on_end = on_end
        self._is_closing = threading.Event()
        self._memory_kills = count_memory_kills()
        self._renewed_at = self._looked_at = time.monotonic()
        self._stop_at: float | None = None
        self._is_asked_to_yield = False

    def close(self) -> None:
        """Stop the run after a checkpoint, or sooner, and give the job back, as a worker does that shuts down."""
        self._is_closing.set()

    def run(self) -> None:
        try:
            attempt = self._attempt
            # The pipe is seen by the two of them alone; arguments, environments and files may be seen by others.
            self._child.order(
                kind="train", job_id=attempt.job_id, attempt=attempt.number, token=attempt.token
            )
            self._watch()
        except Exception:
            _log.exception("the watch over %s failed; the sweeper will find the job", self._attempt.job_id)
        finally:
            self._child.stop(grace_seconds=0)
            self._on_end(self._attempt.job_id)

    def _watch(self) -> None:
        while (status := self._child.wait(_WAIT_SECONDS)) is None:
            outcome = self._check() or self._check_closing()
            if outcome is not None:
                self._child.stop(_GRACE_SECONDS)
                return self._write(outcome)
        return self._write(lambda: self._settle(status))

    def _check_closing(self) -> Callable[[], None] | None:
        """When the worker shuts down, let the run write a checkpoint first if it does so in time."""
        if not self._is_closing.is_set():
            return None
        if self._stop_at is None:
            self._stop_at = time.monotonic() + self._settings.shutdown_seconds
            self._ask_to_yield()
        return self._give_back if time.monotonic() > self._stop_at else None

    def _ask_to_yield(self) -> None:
        """Let the run write a checkpoint and hand the job back by itself."""
        if not self._is_asked_to_yield:
            self._child.order(kind="yield")
            self._is_asked_to_yield = True

    def _give_back(self) -> None:
        self._attempt.give_back(SHUTDOWN_REASON)

    def _check(self) -> Callable[[], None] | None:
        """Look and renew when it is time. Returns what to write when the child must be stopped."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return None
        self._looked_at = now
        try:
            standing = self._attempt.look()
            if not standing.is_ours:
                return _nothing
            if standing.cancel_requested:
                return self._attempt.cancel
            if standing.time_is_over:
                return self._fail_for_time
            if standing.pause_requested:
                self._ask_to_yield()
            if now - self._renewed_at >= self._settings.heartbeat_seconds:
                self._attempt.renew(self._settings.lease_seconds)
                self._renewed_at = now
        except JobError as error:
            _log.warning("%s", error)
            return _nothing
        except SQLAlchemyError as error:
            _log.warning("the database did not answer for %s: %s", self._attempt.job_id, error)
            if now - self._renewed_at > self._settings.lease_seconds:
                # Another worker may hold the job by now.
                return _nothing
        return None

    def _fail_for_time(self) -> None:
        self._attempt.fail(
            {
                "type": "time-limit",
                "title": "The time limit is over",
                "detail": "The training took longer than its time_limit_seconds and was stopped. Metrics up "
                "to here are kept; submit it again with a higher limit or fewer epochs.",
            }
        )

    def _settle(self, status: int) -> None:
        """Write how the child ended, unless it has done so itself."""
        if not self._attempt.is_open():
            return
        if self._is_closing.is_set():
            # Whoever ends the worker may have ended the run with it.
            return self._give_back()
        kills = count_memory_kills() - self._memory_kills
        error = describe_death(status, kills)
        # Want of memory would only repeat itself.
        if kills or self._attempt.is_last:
            return self._attempt.fail(error)
        return self._attempt.lose(error["detail"])

    def _write(self, outcome: Callable[[], None]) -> None:
        """Write the outcome; a database that stays away leaves it to the sweeper when the lease runs out."""
        for number in range(_WRITE_TRIES):
            try:
                return outcome()
            except JobError as error:
                return _log.warning("%s", error)
            except SQLAlchemyError as error:
                _log.warning("the database did not take the end of %s: %s", self._attempt.job_id, error)
                time.sleep(2**number * _WAIT_SECONDS)
        return None


def _nothing() -> None:
    """The job belongs to somebody else: nothing may be written."""

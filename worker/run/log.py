"""The log of a run: what is printed becomes log events of the job, some lines at a time."""

import io
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from core.database import session_scope
from core.jobs import events
from core.jobs.errors import JobError

_FLUSH_SECONDS = 0.5
_MAX_WAITING_LINES = 10_000
_MAX_LINE_CHARACTERS = 2000

_log = logging.getLogger(__name__)


class RunLog(io.TextIOBase):
    """A text stream whose lines become log events.

    Args:
        db_engine: the database; lines wait in memory while it does not answer.
        job_id, attempt: whose log.
    """

    def __init__(self, db_engine: Engine, job_id: str, attempt: int) -> None:
        self._db_engine = db_engine
        self._job_id = job_id
        self._attempt = attempt
        self._lines: list[str] = []
        self._part = ""
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._flush_often, name="log", daemon=True)
        self._thread.start()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            # A progress bar goes back to the line's start; what stays of it is what was written last.
            *whole, self._part = (self._part + text).split("\n")
            self._lines += [line.rsplit("\r", 1)[-1][:_MAX_LINE_CHARACTERS] for line in whole]
            del self._lines[:-_MAX_WAITING_LINES]
        return len(text)

    def flush(self) -> None:
        """Nothing: lines are written every half second, and by `deliver`."""

    def deliver(self) -> None:
        """Write the waiting lines to the database now."""
        with self._writing:
            with self._lock:
                lines, self._lines = self._lines, []
            if not lines:
                return
            try:
                with session_scope(self._db_engine) as session:
                    events.append_log(session, self._job_id, lines, self._attempt)
            except JobError as error:
                _log.warning("%d log lines were refused: %s", len(lines), error)
            except SQLAlchemyError as error:
                _log.warning("the database did not take log lines: %s", error)
                with self._lock:
                    self._lines = lines + self._lines

    def finish(self) -> None:
        """Write what is left, however long the database is away; what is printed later waits for the next call."""
        self._closing.set()
        self._thread.join()
        if self._part:
            self.write("\n")
        self.deliver()
        while self._lines:
            time.sleep(_FLUSH_SECONDS)
            self.deliver()

    def _flush_often(self) -> None:
        while not self._closing.wait(_FLUSH_SECONDS):
            self.deliver()


@contextmanager
def printing_to(log: RunLog) -> Iterator[None]:
    """What the block prints goes to the log; it is finished when the block ends."""
    with redirect_stdout(log), redirect_stderr(log):
        try:
            yield
        finally:
            log.finish()

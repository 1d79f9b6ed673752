"""Metrics on their way in: what comes while a transaction is written shares the next one."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine

from api.errors import ProblemError, not_found
from core.jobs.errors import JobError
from core.jobs.metrics import MetricPoint
from core.jobs.next_epoch import record_next_epoch
from core.jobs.recording import Standing, lock, record

_MOST_REPORTS: Final = 64
"""In one transaction, so that nobody waits for too many others."""

Outcome = int | Exception


@dataclass(frozen=True, slots=True)
class Report:
    """What one request tells of a job.

    Attributes:
        project_id: of whoever tells it. attempt: the worker's; none for a run that trains elsewhere.
        check: refuses a job that takes no such report; never an open one that trains elsewhere, or is at the attempt.
    """

    project_id: str
    job_id: str
    points: Sequence[MetricPoint]
    attempt: int | None
    check: Callable[[Standing], None]


class Ingest:
    """Writes reports, many in one transaction where many come at a time.

    Each is answered after the commit. One that is refused leaves the others alone; where a transaction
    fails, each of its reports is written by itself.

    Args: db_engine: the database. on_change: told of each job that has new metrics, after the commit.
    """

    def __init__(self, db_engine: Engine, on_change: Callable[[str], None]) -> None:
        self._db_engine = db_engine
        self._autocommit = db_engine.execution_options(isolation_level="AUTOCOMMIT")
        self._on_change = on_change
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest")
        self._waiting: list[tuple[Report, asyncio.Future[int]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, report: Report) -> int:
        """Store a report. Returns: how many points were new or had changed."""
        written: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((report, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_waiting())
        return await written

    def close(self) -> None:
        """End the thread that writes."""
        self._thread.shutdown()

    async def _write_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:_MOST_REPORTS], self._waiting[_MOST_REPORTS:]
            reports = [report for report, _ in batch]
            outcomes = await loop.run_in_executor(self._thread, self._write, reports)
            for (report, written), outcome in zip(batch, outcomes):
                if outcome and not isinstance(outcome, Exception):
                    self._on_change(report.job_id)
                if written.done():  # its request was broken off
                    continue
                if isinstance(outcome, Exception):
                    written.set_exception(outcome)
                else:
                    written.set_result(outcome)
        self._writing = None

    def _write(self, reports: Sequence[Report]) -> list[Outcome]:
        # Jobs are locked in one order, so that two servers never wait for each other.
        order = sorted(range(len(reports)), key=lambda index: reports[index].job_id)
        outcomes: list[Outcome] = [0] * len(reports)
        try:
            if len(reports) == 1 and self._write_at_once(reports[0]):
                return [1]
            with self._db_engine.begin() as connection:
                for index in order:
                    outcomes[index] = _store(connection, reports[index])
        except Exception as error:
            if len(reports) == 1:
                return [error]
            return [outcome for report in reports for outcome in self._write([report])]
        return outcomes

    def _write_at_once(self, report: Report) -> bool:
        """Store a report by one statement with no transaction around it, if it is one for that."""
        if self._db_engine.dialect.name != "postgresql":
            return False
        with self._autocommit.connect() as connection:
            return _store_next_epoch(connection, report)


def _store_next_epoch(connection: Connection, report: Report) -> bool:
    return record_next_epoch(connection, report.project_id, report.job_id, report.points, report.attempt)


def _store(connection: Connection, report: Report) -> Outcome:
    """Store one report; a refusal comes before anything of it is written."""
    if _store_next_epoch(connection, report):
        return 1
    try:
        job = lock(connection, report.job_id)
        if job.project_id != report.project_id:
            return not_found("job", report.job_id)
        report.check(job)
        return record(connection, job, report.points, report.attempt)
    except (JobError, ProblemError) as refusal:
        return refusal

"""News of jobs for all who follow them: one look at the database serves every stream of this server."""

import asyncio
from collections.abc import Collection
from typing import Final

from anyio import to_thread
from sqlalchemy import bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from api.deps import Database
from core.tables import Job

_KEYS_A_QUERY: Final = 500
_CURSORS: Final = select(Job.id, Job.last_seq).where(Job.id.in_(bindparam("job_ids", expanding=True)))


class News:
    """Wakes those who wait for news of a job.

    What this server itself wrote is told at once; what others wrote, such as a worker's changes of state, is found
    by a look every now and then, for as long as anybody waits.

    Args: database: where the jobs are. look_seconds: between two looks.
    """

    def __init__(self, database: Database, look_seconds: float) -> None:
        self._database = database
        self._look_seconds = look_seconds
        self._waiting: dict[str, dict[asyncio.Future[None], int]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, job_id: str, cursor: int) -> None:
        """Wait until there may be news of a job after a cursor; it may have been deleted, too."""
        told = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(job_id, {})[told] = cursor
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            await told
        finally:
            self._forget(job_id, told)

    def tell(self, job_id: str) -> None:
        """There is news of a job."""
        for told in self._waiting.get(job_id, ()):
            _wake(told)

    def _forget(self, job_id: str, told: asyncio.Future[None]) -> None:
        of_job = self._waiting[job_id]
        del of_job[told]
        if not of_job:
            del self._waiting[job_id]

    async def _look(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._look_seconds)
            try:
                cursors = await to_thread.run_sync(self._read_cursors, list(self._waiting))
            except SQLAlchemyError:
                cursors = {}  # those who wait look for themselves, and find out
            for job_id, of_job in self._waiting.items():
                for told, cursor in of_job.items():
                    if cursors.get(job_id, cursor + 1) > cursor:
                        _wake(told)
        self._looking = None

    def _read_cursors(self, job_ids: Collection[str]) -> dict[str, int]:
        cursors: dict[str, int] = {}
        ordered = sorted(job_ids)
        with self._database.read_rows() as connection:
            for start in range(0, len(ordered), _KEYS_A_QUERY):
                some = {"job_ids": ordered[start : start + _KEYS_A_QUERY]}
                cursors |= {row.id: row.last_seq for row in connection.execute(_CURSORS, some)}
        return cursors


def _wake(told: asyncio.Future[None]) -> None:
    if not told.done():
        told.set_result(None)

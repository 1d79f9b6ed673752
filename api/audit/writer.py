"""Writes entries beside the requests and not in them."""

import logging
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from anyio import CancelScope, sleep, to_thread
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError

from api.deps import Database
from core.tables import AuditEntry

_WRITE_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 5.0
_BATCH: Final = 1_000
_MOST_WAITING: Final = 100_000

_log: Final = logging.getLogger(__name__)


class AuditWriter:
    """Collects entries and writes them some at a time; what cannot be written in the end goes to the log."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[dict[str, Any]] = deque()

    def note(self, entry: dict[str, Any]) -> None:
        """Take an entry; it is written within a second."""
        self._waiting.append(entry)
        if len(self._waiting) > _MOST_WAITING:
            _tell([self._waiting.popleft()])

    async def write_always(self) -> None:
        """Write what waits again and again, until cancelled; then all that is left."""
        try:
            is_written = True
            while True:
                await sleep(_WRITE_SECONDS if is_written else _RETRY_SECONDS)
                is_written = await self._write_all()
        finally:
            with CancelScope(shield=True):
                if not await self._write_all():
                    _tell(self._waiting)

    async def _write_all(self) -> bool:
        while self._waiting:
            batch = [self._waiting[place] for place in range(min(_BATCH, len(self._waiting)))]
            if not await to_thread.run_sync(self._write, batch):
                return False
            for _ in batch:
                self._waiting.popleft()
        return True

    def _write(self, batch: Sequence[dict[str, Any]]) -> bool:
        try:
            with self._database.write() as session:
                session.execute(insert(AuditEntry), batch)
        except SQLAlchemyError as error:
            _log.warning("%d entries of the audit log wait for the database: %s", len(batch), error)
            return False
        return True


def _tell(entries: Sequence[dict[str, Any]] | deque[dict[str, Any]]) -> None:
    for entry in entries:
        _log.error("not written to the audit log: %s", entry)

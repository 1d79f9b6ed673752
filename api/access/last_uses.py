"""When keys were used last, written down beside the requests and not in them."""

import logging
import time
from datetime import datetime
from typing import Final

from anyio import CancelScope, sleep, to_thread
from sqlalchemy.exc import SQLAlchemyError

from api.deps import Database
from core.access.keys import note_use
from core.database import utc_now

_LOOK_SECONDS: Final = 1.0
_WRITE_SECONDS: Final = 60.0

_log: Final = logging.getLogger(__name__)


class LastUses:
    """Collects uses, and writes each key's at most once a minute."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[str, datetime] = {}
        self._written: dict[str, float] = {}

    def note(self, key_id: str) -> None:
        """A key was used just now."""
        self._used[key_id] = utc_now()

    async def write_always(self) -> None:
        """Write what is due again and again, until cancelled; then all that is left."""
        try:
            while True:
                await sleep(_LOOK_SECONDS)
                await self._write(time.monotonic() - _WRITE_SECONDS)
        finally:
            with CancelScope(shield=True):
                await self._write(float("inf"))

    async def _write(self, written_before: float) -> None:
        due = [key for key in self._used if self._written.get(key, -1e9) < written_before]
        if not due:
            return
        uses = {key_id: self._used.pop(key_id) for key_id in due}
        self._written |= dict.fromkeys(due, time.monotonic())
        await to_thread.run_sync(self._keep, uses)

    def _keep(self, uses: dict[str, datetime]) -> None:
        try:
            with self._database.write() as session:
                for key_id in sorted(uses):
                    note_use(session, key_id, uses[key_id])
        except SQLAlchemyError as error:
            _log.warning("the last use of %d keys was not written down: %s", len(uses), error)

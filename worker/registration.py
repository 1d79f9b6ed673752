"""The row of a worker among the workers."""

import os
import socket
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Engine, delete, func, select

from core.database import session_scope, utc_now
from core.identifiers import new_id
from core.settings import Settings
from core.tables import Worker

_FORGOTTEN_LEASES = 20


class Registration:
    """Tells the others of this worker.

    Args:
        settings: slots and lease.
        db_engine: the database.
    """

    def __init__(self, settings: Settings, db_engine: Engine) -> None:
        self.worker_id = new_id("wrk")
        self.device = "unknown"
        self._settings = settings
        self._db_engine = db_engine
        self._hostname = socket.gethostname()

    def report(self, running: Sequence[str]) -> int:
        """Write that the worker lives and what it trains; forget workers long silent.

        Returns:
            The slots of all workers on this machine together.
        """
        now = utc_now()
        lease = timedelta(seconds=self._settings.lease_seconds)
        row = Worker(
            id=self.worker_id,
            hostname=self._hostname,
            pid=os.getpid(),
            device=self.device,
            slots=self._settings.worker_slots,
            running=list(running),
            seen_at=now,
        )
        with session_scope(self._db_engine) as session:
            session.merge(row)
            session.execute(delete(Worker).where(Worker.seen_at < now - _FORGOTTEN_LEASES * lease))
            session.flush()
            neighbours = select(func.sum(Worker.slots)).where(
                Worker.hostname == self._hostname, Worker.seen_at > now - lease
            )
            return int(session.scalar(neighbours) or self._settings.worker_slots)

    def withdraw(self) -> None:
        """Remove the row."""
        with session_scope(self._db_engine) as session:
            session.execute(delete(Worker).where(Worker.id == self.worker_id))

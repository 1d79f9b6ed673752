"""The service under load: one API and several workers, on SQLite or on servers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests.worker.conftest import Process, Service

# Words in a log that tell of what must not happen, whatever clients do.
COMPLAINTS = ("database is locked", "deadlock", "Traceback", "QueuePool limit", "internal-error")


class Stack(Service):
    """A service with workers that start at the same time.

    Args:
        home: its folder.
        workers: how many.
        settings: other than the defaults, such as `database_url` and `broker_url`.
    """

    def __init__(self, home: Path, workers: int, **settings: Any) -> None:
        # A machine that does all this at once may be slow; nothing may be lost by that.
        super().__init__(home, **{"lease_seconds": 60, "heartbeat_seconds": 2, **settings})
        self._workers = workers

    @property
    def database_url(self) -> str:
        return self.settings.database_url

    def start(self) -> None:
        """Start everything and wait until it is warm."""
        super().start()
        for _ in range(self._workers):
            self._start("worker", sys.executable, "-m", "worker")

        def are_warm() -> bool:
            self.check_alive()
            rows = self.get("/v1/workers")["data"]
            return len([row for row in rows if row["device"] != "unknown"]) == self._workers

        self.wait_until(lambda: self.api.get("/readyz").is_success, "the API", 180)
        self.wait_until(are_warm, "the workers", 180)

    def find(self, name: str) -> list[Process]:
        """The processes of a name, `api` or `worker`."""
        return [process for process in self.processes if process.name == name]

    def check_alive(self) -> None:
        for process in self.processes:
            assert process.status is None, f"{process.name} ended:\n{process.log.read_text()[-4000:]}"

    def read_complaints(self) -> list[str]:
        """Lines of the logs that must not be there."""
        return [
            f"{path.name}: {line}"
            for path in sorted(self.logs.glob("*.log"))
            for line in path.read_text("utf-8", "replace").splitlines()
            if any(word in line for word in COMPLAINTS)
        ]

    def count_deadlocks(self) -> int:
        """Deadlocks that PostgreSQL has found in this database; SQLite has none."""
        url = make_url(self.database_url)
        if url.get_backend_name() == "sqlite":
            return 0
        db_engine = create_engine(url)
        try:
            with db_engine.connect() as connection:
                statement = text("SELECT deadlocks FROM pg_stat_database WHERE datname = :name")
                return int(connection.execute(statement, {"name": url.database}).scalar_one())
        finally:
            db_engine.dispose()

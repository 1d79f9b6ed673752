"""The API in a process of its own, on a free port and a migrated database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core import migrate
from core.database import create_db_engine, session_scope

START_SECONDS = 200  # a machine with much else to do loads the engine slowly
STOP_SECONDS = 20


class ApiProcess:
    """`python -m api` of one home folder, which can be ended and started again at the same address.

    Args:
        home: its home folder, which also gets its log.
        database_url: its database.
        settings: further settings by their names.
    """

    def __init__(self, home: Path, database_url: str, **settings: Any) -> None:
        self.home = home
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Nobody listens at this broker: a job must be queued all the same.
        given = {
            "home": home,
            "database_url": database_url,
            "port": self.port,
            "broker_url": "redis://127.0.0.1:1/0",
        }
        self.environment = {
            f"KERASD_{name.upper()}": str(value) for name, value in {**given, **settings}.items()
        }
        self.log = home / "api.log"
        migrate.upgrade(database_url)
        self.db_engine: Engine = create_db_engine(database_url)

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api"], env={**os.environ, **self.environment}, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        # One client for all tries: making one reads the system's certificates, which takes longer than a request.
        with httpx.Client(base_url=self.url) as client:
            while not is_ready(client):
                assert self.process.poll() is None, f"the API ended:\n{self.log.read_text()[-4000:]}"
                assert time.monotonic() < deadline, f"the API did not start:\n{self.log.read_text()[-4000:]}"
                time.sleep(0.05)

    @property
    def pid(self) -> int:
        return self.process.pid

    @contextmanager
    def session(self) -> Iterator[Session]:
        with session_scope(self.db_engine) as session:
            yield session

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Let it end by itself, and forget its database."""
        self.process.terminate()
        self.process.wait(STOP_SECONDS)
        self.db_engine.dispose()


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

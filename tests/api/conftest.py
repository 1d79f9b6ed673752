"""A real server on a free port, on SQLite and, where it answers, on PostgreSQL."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core import migrate
from core.database import create_db_engine, session_scope

START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running API, and its parts as a worker on the same machine sees them."""

    url: str
    home: Path
    db_engine: Engine
    pid: int

    @contextmanager
    def session(self) -> Iterator[Session]:
        with session_scope(self.db_engine) as session:
            yield session


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(home: Path, database_url: str, **settings: Any) -> Iterator[Server]:
    """Run `python -m api` on a migrated database until the block ends."""
    port = find_free_port()
    values = {
        "home": home,
        "database_url": database_url,
        "port": port,
        "sse_poll_seconds": 0.02,
        # Nobody listens there: a job must be queued all the same.
        "broker_url": "redis://127.0.0.1:1/0",
        **settings,
    }
    environment = {**os.environ, **{f"KERASD_{name.upper()}": str(value) for name, value in values.items()}}
    migrate.upgrade(database_url)
    with (home / "api.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "api"], env=environment, stdout=log, stderr=log)
        db_engine = create_db_engine(database_url)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(process, url, home / "api.log")
            yield Server(url, home, db_engine, process.pid)
        finally:
            db_engine.dispose()
            process.terminate()
            process.wait(20)


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"the API did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def serve_sqlite() -> Any:
    """The function that runs a server of a test's own, with settings of its own."""

    def run(home: Path, **settings: Any) -> Any:
        return serve(home, f"sqlite:///{home / 'kerasd.db'}", **settings)

    return run


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory, serve_sqlite: Any) -> Iterator[Server]:
    with serve_sqlite(tmp_path_factory.mktemp("sqlite")) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_server(
    tmp_path_factory: pytest.TempPathFactory, session_postgresql_url: str
) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("postgresql"), session_postgresql_url) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Server:
    """A server on each database; its rows stay from test to test."""
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def api(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture
def job_id(api: httpx.Client) -> str:
    """A new run that trains elsewhere."""
    answer = api.post("/v1/jobs", json={"external": True, "epochs": 4, "name": "elsewhere"})
    assert answer.status_code == 202, answer.text
    identifier: str = answer.json()["id"]
    return identifier


def check_problem(answer: httpx.Response, status: int, pointer: str | None = None) -> dict[str, Any]:
    """Assert that an answer is a problem of this status, perhaps with this pointer among its errors."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert problem["status"] == status
    if pointer is not None:
        pointers = [problem.get("pointer"), *(fault.get("pointer") for fault in problem.get("errors", []))]
        assert pointer in pointers, problem
    return problem


@pytest.fixture
def problem() -> Any:
    """The function that asserts a problem."""
    return check_problem

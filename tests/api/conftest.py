"""A real server on a free port, on SQLite and, where it answers, on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api_process import ApiProcess


@contextmanager
def serve(home: Path, database_url: str, **settings: Any) -> Iterator[ApiProcess]:
    """Run the API until the block ends."""
    server = ApiProcess(home, database_url, **{"sse_poll_seconds": 0.02, "sweep_seconds": 0.2, **settings})
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def serve_at() -> Any:
    """The function that runs a server on a database, with settings of its own."""
    return serve


@pytest.fixture(scope="session")
def serve_sqlite() -> Any:
    """The function that runs a server of a test's own, with settings of its own."""

    def run(home: Path, **settings: Any) -> Any:
        return serve(home, f"sqlite:///{home / 'kerasd.db'}", **settings)

    return run


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory, serve_sqlite: Any) -> Iterator[ApiProcess]:
    with serve_sqlite(tmp_path_factory.mktemp("sqlite")) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_server(
    tmp_path_factory: pytest.TempPathFactory, session_postgresql_url: str
) -> Iterator[ApiProcess]:
    with serve(tmp_path_factory.mktemp("postgresql"), session_postgresql_url) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> ApiProcess:
    """A server on each database; its rows stay from test to test."""
    found: ApiProcess = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def api(server: ApiProcess) -> Iterator[httpx.Client]:
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

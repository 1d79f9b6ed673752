"""A disk without room: a 507, nothing half-written, nothing lost."""

import asyncio
import os
import resource
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine, event, text

from api.errors import install_handlers

FILE_LIMIT = 3 * 1024**2


@pytest.fixture
def cramped_server(serve_sqlite: Any, tmp_path: Path) -> Iterator[Any]:
    """A server that may write no file over 3 MiB: the system's answer is that of a full disk."""
    with serve_sqlite(tmp_path) as server:
        _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (FILE_LIMIT, hard))
        yield server


def list_files(home: Path) -> set[str]:
    return {
        name for folder in ("objects", "uploads") for _, _, names in os.walk(home / folder) for name in names
    }


@pytest.mark.parametrize("form", ["body", "multipart"])
def test_upload_without_room(cramped_server: Any, problem: Any, form: str) -> None:
    with httpx.Client(base_url=cramped_server.url, timeout=30) as api:
        kept = api.post("/v1/datasets", content=b"a,b\n1,2\n").json()
        files = list_files(cramped_server.home)
        large = b"a,b\n" + b"1,2\n" * 2_000_000
        options: dict[str, Any] = {"content": large} if form == "body" else {"files": {"file": large}}
        assert "disk is full" in problem(api.post("/v1/datasets", **options), 507)["detail"]
        assert list_files(cramped_server.home) == files
        assert [dataset["id"] for dataset in api.get("/v1/datasets").json()["data"]] == [kept["id"]]
        assert api.get(f"/v1/datasets/{kept['id']}/preview").status_code == 200
        assert api.post("/v1/datasets", content=b"a,b\n3,4\n").status_code == 201


def test_database_without_room(tmp_path: Path, problem: Any) -> None:
    db_engine = create_engine(f"sqlite:///{tmp_path / 'small.db'}")

    @event.listens_for(db_engine, "connect")
    def cap(connection: sqlite3.Connection, _: Any) -> None:
        connection.execute("PRAGMA max_page_count = 4")

    app = FastAPI()
    install_handlers(app)

    @app.post("/fill")
    def fill() -> None:
        with db_engine.begin() as connection:
            connection.execute(text("CREATE TABLE filler AS SELECT randomblob(1000000)"))

    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as api:
            return await api.post("/fill")

    # In a thread of its own: a browser's event loop may run in this one.
    with ThreadPoolExecutor(1) as threads:
        problem(threads.submit(asyncio.run, send()).result(), 507)
    db_engine.dispose()

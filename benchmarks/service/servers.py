"""The processes that are measured, each in a folder and on a database of its own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from benchmarks.service.traffic import Connection, find_free_port
from core import migrate
from core.database import create_db_engine

START_SECONDS = 120
STOP_SECONDS = 30


@dataclass
class Server:
    """A process that answers at an address; its connections are closed when it is left."""

    url: str
    process: psutil.Process
    connections: list[Connection] = field(default_factory=list)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self.connections:
            connection.close()

    def connect(self) -> Connection:
        """Open a connection to it."""
        self.connections.append(Connection(self.url))
        return self.connections[-1]

    def cpu_seconds(self) -> float:
        """Processor time of the process so far, children left out."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def family(self) -> list[psutil.Process]:
        """The process and all that it started."""
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def new_database(kind: str, folder: Path, postgresql: str) -> Iterator[str]:
    """Give the URL of an empty database; PostgreSQL's is dropped at the end."""
    if kind == "SQLite":
        yield f"sqlite:///{folder / f'{secrets.token_hex(4)}.db'}"
        return
    server = make_url(postgresql)
    name = f"kerasd_bench_{secrets.token_hex(6)}"
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def find_refusal(postgresql: str) -> str | None:
    """Tell why PostgreSQL cannot be measured; nothing where it can."""
    plain = make_url(postgresql).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(plain, connect_timeout=3):
            return None
    except psycopg.OperationalError as error:
        return str(error).strip()


def analyze(db_engine: Engine) -> None:
    """Let PostgreSQL know of new rows, as its own service does after a while."""
    if db_engine.dialect.name == "postgresql":
        with db_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


@contextmanager
def serve_bare(folder: Path, database_url: str) -> Iterator[tuple[Server, Engine]]:
    """Run the bare application; gives its database too."""
    db_engine = create_db_engine(database_url)
    command = [sys.executable, "-m", "benchmarks.service.bare_app", database_url, str(folder)]
    with _start(command, {}, folder) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        _wait_until_answers(f"{url}/openapi.json", process)
        with Server(url, psutil.Process(process.pid)) as server:
            yield server, db_engine
    db_engine.dispose()


@contextmanager
def serve_api(folder: Path, database_url: str) -> Iterator[tuple[Server, Engine]]:
    """Run `python -m api` without worker or broker; gives its database too, for rows put in directly."""
    migrate.upgrade(database_url)
    db_engine = create_db_engine(database_url)
    port = find_free_port()
    settings = {
        "KERASD_HOME": str(folder),
        "KERASD_DATABASE_URL": database_url,
        "KERASD_PORT": str(port),
        # Nobody listens there; runs that train elsewhere need no bell.
        "KERASD_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    with ExitStack() as stack:
        stack.callback(db_engine.dispose)
        process = stack.enter_context(_start([sys.executable, "-m", "api"], settings, folder))
        url = f"http://127.0.0.1:{port}"
        _wait_until_answers(f"{url}/readyz", process)
        yield stack.enter_context(Server(url, psutil.Process(process.pid))), db_engine


@contextmanager
def run_stack(folder: Path, database_url: str) -> Iterator[tuple[Server, float]]:
    """Run the whole embedded stack; gives the seconds from its start to its readiness too."""
    settings = {"KERASD_HOME": str(folder), "KERASD_PORT": "0", "KERASD_DATABASE_URL": database_url}
    begin = time.perf_counter()
    with _start([sys.executable, "-m", "core.embedded"], settings, folder) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "ready":
                seconds = time.perf_counter() - begin
                with Server(event["url"], psutil.Process(process.pid)) as server:
                    yield server, seconds
                return
        raise SystemExit(f"The stack did not start; see the logs in {folder / 'logs'}.")


@contextmanager
def run_bare_worker(folder: Path, broker_url: str) -> Iterator[None]:
    """Run the Celery worker of `bare_tasks`."""
    command = [sys.executable, "-m", "benchmarks.service.bare_tasks", broker_url]
    with _start(command, {}, folder):
        yield


@contextmanager
def _start(command: list[str], settings: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    folder.mkdir(parents=True, exist_ok=True)
    environment: dict[str, Any] = {**os.environ, **settings}
    with (folder / "errors.log").open("ab") as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
        assert process.stdout is not None
        process.stdout.close()


def _wait_until_answers(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{process.args} ended with status {process.returncode}.")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SystemExit(f"{url} did not answer within {START_SECONDS} seconds.")

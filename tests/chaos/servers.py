"""Private servers that a test may kill: PostgreSQL and Redis on free loopback ports."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.api_process import find_free_port
from tests.worker.conftest import wait_until

POSTGRESQL_PATHS = Path("/usr/lib/postgresql")


def find_postgresql() -> Path | None:
    """The folder of PostgreSQL's newest programs, if there are any."""
    installed = sorted(POSTGRESQL_PATHS.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("postgres")
    return installed[-1].parent if installed else Path(on_path).parent if on_path else None


def find_missing() -> list[str]:
    """Names of the servers that are not installed."""
    missing = [] if find_postgresql() else ["PostgreSQL (Debian: apt-get install postgresql)"]
    return (
        missing
        if shutil.which("redis-server")
        else [*missing, "redis-server (Debian: apt-get install redis)"]
    )


class Server:
    """A server process that can be ended in any way and started again with its data.

    Args:
        command: what to run. identity: user and group where it must not run as root.
        log: takes what it prints.
    """

    def __init__(self, command: list[str], log: Path, identity: dict[str, Any] | None = None) -> None:
        self._command, self._log, self._identity = command, log, identity or {}
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **self._identity
            )

    def end(self, number: int) -> None:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def run_postgresql() -> Iterator[tuple[Server, str]]:
    """Gives a PostgreSQL and its SQLAlchemy URL until the block ends; it lives in a folder of its own."""
    programs = find_postgresql()
    assert programs is not None
    # As a user other than root, which must be able to reach its folder.
    folder = Path(tempfile.mkdtemp(prefix="kerasd-chaos-"))
    identity: dict[str, Any] = {}
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        os.chown(folder, account.pw_uid, account.pw_gid)
    data, port = folder / "data", find_free_port()
    options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync"]
    subprocess.run(
        [programs / "initdb", *options, data], check=True, stdout=subprocess.DEVNULL, cwd="/", **identity
    )
    command = [
        programs / "postgres",
        "-D",
        data,
        "-p",
        port,
        "-k",
        "",
        "-h",
        "127.0.0.1",
        "-c",
        "max_connections=200",
    ]
    server = Server([str(part) for part in command], folder / "log", {**identity, "cwd": "/"})
    try:
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        wait_until(lambda: _answers_postgresql(url), "PostgreSQL")
        yield server, url
    finally:
        server.end(signal.SIGINT)
        shutil.rmtree(folder)


@contextmanager
def run_redis(folder: Path) -> Iterator[tuple[Server, str]]:
    """Gives a Redis and its URL until the block ends."""
    folder.mkdir()
    port = find_free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    server = Server([*command, "--appendonly", "yes", "--save", ""], folder / "log")
    try:
        url = f"redis://127.0.0.1:{port}/0"
        wait_until(lambda: _answers_redis(url), "Redis")
        yield server, url
    finally:
        server.end(signal.SIGTERM)


def _answers_postgresql(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=3):
        return True
    return False


def _answers_redis(url: str) -> bool:
    with suppress(redis.RedisError), redis.Redis.from_url(url, socket_timeout=3) as client:
        return bool(client.ping())
    return False

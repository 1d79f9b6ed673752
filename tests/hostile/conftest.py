"""A server that strangers speak to, and traps that tell whether anything ran."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.api_process import ApiProcess

READ_SECONDS = 5


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    home = tmp_path_factory.mktemp("hostile")
    server = ApiProcess(
        home,
        f"sqlite:///{home / 'kerasd.db'}",
        max_read_seconds=READ_SECONDS,
        max_decompressed_bytes=64 * 1024**2,
        max_read_memory_bytes=1024**3,
        max_upload_bytes=32 * 1024**2,
    )
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def api(server: ApiProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


class Traps:
    """What would show that something of a stranger's ran."""

    def __init__(self, folder: Path, listener: socket.socket) -> None:
        self.canary = folder / "canary"
        self.command = f"touch {self.canary}"
        self.secret = folder / "secret"
        self.secret.write_text("secret words")
        self._listener = listener
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

    def check(self) -> None:
        """Assert that no file was written and nobody called."""
        assert not self.canary.exists()
        with pytest.raises(BlockingIOError):
            self._listener.accept()


@pytest.fixture
def traps(tmp_path: Path) -> Iterator[Traps]:
    """Traps, looked at when the test ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        traps = Traps(tmp_path, listener)
        yield traps
        traps.check()


@pytest.fixture
def refuse(api: httpx.Client, server: ApiProcess) -> Any:
    """The function that sends a body and asserts a problem, and that nothing is kept and the server lives."""

    def send(path: str, status: int = 422, words: str = "", **request: Any) -> dict[str, Any]:
        kept = [api.get(f"/v1/{kind}").json() for kind in ("models", "datasets", "jobs")]
        answer = api.post(path, **request)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        assert words in json.dumps(problem, ensure_ascii=False)
        assert [api.get(f"/v1/{kind}").json() for kind in ("models", "datasets", "jobs")] == kept
        assert not os.listdir(server.home / "uploads")
        return problem

    return send


@pytest.fixture(autouse=True)
def _nothing_left(server: ApiProcess) -> Iterator[None]:
    """After a test only the server and the process that it copies are there."""
    yield
    processes = psutil.Process(server.pid).children(recursive=True)
    _, alive = psutil.wait_procs(processes[1:], timeout=20)
    assert not alive, alive

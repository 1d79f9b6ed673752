"""The whole service as `kerasd up` starts it, and a network in front of it that fails when told to."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from client import Client
from core.database import create_db_engine, session_scope
from core.jobs import events
from core.settings import Settings
from core.storage import open_store
from core.tables import Artifact

KERASD = Path(sys.executable).with_name("kerasd")
STOP_SECONDS = 60


@dataclass(frozen=True)
class Service:
    """A running service, and what a worker on the same machine can do to it."""

    url: str
    settings: Settings
    db_engine: Engine
    command: Path = KERASD

    @property
    def environment(self) -> dict[str, str]:
        """What a user's shell tells a command."""
        return {**os.environ, "KERASD_URL": self.url}

    def write_log(self, job_id: str, *lines: str) -> None:
        with session_scope(self.db_engine) as session:
            events.append_log(session, job_id, lines, attempt=0)

    def keep_artifact(self, job_id: str, name: str, content: bytes, sha256: str | None = None) -> None:
        """Add a file to a job; with a wrong SHA-256 it is a damaged one."""
        store = open_store(self.settings)
        stored = store.put_stream([content])
        if sha256 is not None:
            with store.local_path(stored.sha256) as path:
                damaged = path.parent.parent / sha256[:2] / sha256
                damaged.parent.mkdir(exist_ok=True)
                damaged.write_bytes(content)
        row = {"sha256": sha256 or stored.sha256, "size_bytes": len(content), "media_type": "text/plain"}
        with session_scope(self.db_engine) as session:
            session.add(Artifact(job_id=job_id, name=name, **row))


@contextmanager
def run_up(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run `kerasd up` until the block ends, then interrupt it as Ctrl-C does."""
    process = subprocess.Popen(
        [KERASD, "up", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    assert process.stdout is not None
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


def read_until(process: subprocess.Popen[str], word: str) -> str:
    """Read what a command prints up to the line with a word. Returns: all of it."""
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if word in line:
            return read
    pytest.fail(f"{word!r} was never printed, but:\n{read}")


def find_processes(home: Path) -> list[int]:
    """Processes of the service that lives in a home folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and f"KERASD_HOME={home}\0".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


@pytest.fixture(name="read_until")
def give_read_until() -> Callable[[subprocess.Popen[str], str], str]:
    return read_until


@pytest.fixture(name="find_processes")
def give_find_processes() -> Callable[[Path], list[int]]:
    return find_processes


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("home")
    settings = {"KERASD_SSE_POLL_SECONDS": "0.02"}
    with run_up("--port", "0", "--home", str(home), env={**os.environ, **settings}) as process:
        printed = read_until(process, "Serving.")
        url = printed.split("Dashboard: ")[1].split("/dashboard/")[0]
        db_engine = create_db_engine(f"sqlite:///{home / 'kerasd.db'}")
        yield Service(url, Settings(home=home), db_engine)
        db_engine.dispose()
    assert find_processes(home) == []


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as opened:
        yield opened


@pytest.fixture
def job_id(client: Client) -> str:
    """A new run that trains elsewhere."""
    return client.jobs.create(external=True, epochs=3, name="elsewhere").id


DEFINITION: dict[str, Any] = {
    "class_name": "Sequential",
    "config": [
        {
            "class_name": "Dense",
            "config": {
                "name": "dense_1",
                "batch_input_shape": [None, 3],
                "dtype": "float32",
                "units": 2,
                "activation": "linear",
            },
        }
    ],
    "keras_version": "2.1.6",
    "backend": "tensorflow",
}


@pytest.fixture
def definition() -> dict[str, Any]:
    """A model of three inputs and two outputs."""
    return DEFINITION


@pytest.fixture(scope="session")
def points_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset that the model can learn: 64 rows."""
    path = tmp_path_factory.mktemp("data") / "points.npz"
    x = np.random.default_rng(5).normal(size=(64, 3)).astype(np.float32)
    np.savez(path, x=x, y=x[:, :2])
    return path


@pytest.fixture(scope="session")
def trained_id(service: Service, points_path: Path) -> str:
    """A job that a worker has trained."""
    with Client(service.url) as client:
        dataset = client.datasets.upload(points_path)
        job = client.jobs.create(
            model=DEFINITION,
            dataset=dataset.id,
            compile={"optimizer": "sgd", "loss": "mse"},
            fit={"epochs": 3, "batch_size": 16},
            seed=3,
        )
        assert client.jobs.wait(job.id, timeout_seconds=60).state == "succeeded"
        return job.id


class Network:
    """A TCP connection to the service that can be cut.

    Attributes:
        cuts: for each of the next connections, after how many bytes of answers it breaks.
        held: answers to requests that contain this never arrive.
        requests: what passed upwards.
    """

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._service = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.cuts: deque[int] = deque()
        self.held: bytes | None = None
        self.requests: list[bytes] = []
        self._sockets: list[socket.socket] = []
        self._start(self._accept)

    def close(self) -> None:
        with suppress(OSError):  # closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._sockets:
            end.close()

    def _start(self, run: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=run, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._service)
                self._sockets += [near, far]
                budget = self.cuts.popleft() if self.cuts else None
                is_held = threading.Event()
                self._start(self._send_up, near, far, is_held)
                self._start(self._send_down, far, near, is_held, budget)

    def _send_up(self, near: socket.socket, far: socket.socket, is_held: threading.Event) -> None:
        with suppress(OSError):
            while block := near.recv(65536):
                self.requests.append(block)
                if self.held is not None and self.held in block:
                    is_held.set()
                far.sendall(block)
        _cut(near, far)

    def _send_down(
        self, far: socket.socket, near: socket.socket, is_held: threading.Event, budget: int | None
    ) -> None:
        with suppress(OSError):
            while block := far.recv(65536):
                if is_held.is_set():
                    continue
                if budget is not None:
                    block = block[:budget]
                    budget -= len(block)
                near.sendall(block)
                if budget == 0:
                    break
        _cut(near, far)


def _cut(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def network(service: Service) -> Iterator[Network]:
    opened = Network(service.url)
    yield opened
    opened.close()


@pytest.fixture
def far_client(network: Network) -> Iterator[Client]:
    """A client behind the network."""
    with Client(network.url) as opened:
        yield opened

"""The service as it is installed: on its own broker and SQLite, and on Redis and PostgreSQL."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from client import Client, Job
from client.sample.dataset import write_digits

SAMPLE = Path(__file__).parents[2] / "client" / "sample"
KERASD = Path(sys.executable).with_name("kerasd")
STOP_SECONDS = 60
DEADLINE_SECONDS = 60.0

# Small enough that a small file can unpack to more.
MAX_DECOMPRESSED_BYTES = 32 * 1024**2


@dataclass(frozen=True)
class Service:
    """A running service.

    Attributes:
        process: `python -m core.embedded`, which starts and watches over the rest.
    """

    url: str
    home: Path
    process: psutil.Popen

    def run(self, *arguments: Any, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run `kerasd` as a user of this service does."""
        return subprocess.run(
            [KERASD, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            cwd=cwd,
            env={**os.environ, "KERASD_URL": self.url},
        )

    def find_child(self, module: str) -> psutil.Process:
        """The process that runs `python -m module`."""
        (found,) = (child for child in self.process.children() if child.cmdline()[1:3] == ["-m", module])
        return found


@contextmanager
def start(home: Path, **settings: Any) -> Iterator[Service]:
    """Run `python -m core.embedded` until the block ends; no process of it may be left then."""
    values = {
        "home": home,
        "port": 0,
        "sse_poll_seconds": 0.05,
        "max_decompressed_bytes": MAX_DECOMPRESSED_BYTES,
        **settings,
    }
    environment = {**os.environ, **{f"KERASD_{name.upper()}": str(value) for name, value in values.items()}}
    command = [sys.executable, "-m", "core.embedded", "--with-parent"]
    process = psutil.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        event = json.loads(process.stdout.readline())
        assert event["event"] == "ready", event
        yield Service(event["url"], home, process)
    finally:
        started = process.children(recursive=True)
        process.terminate()
        process.communicate(timeout=STOP_SECONDS)
        _, left = psutil.wait_procs(started, timeout=0)
        assert not left
    assert process.returncode == 0


@pytest.fixture(scope="module", params=["embedded", "servers"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Gives the service with nothing configured, then on PostgreSQL and Redis."""
    settings = {}
    if request.param == "servers":
        settings["database_url"] = request.getfixturevalue("module_postgresql_url")
        settings["broker_url"] = request.getfixturevalue("module_redis_url")
    with start(tmp_path_factory.mktemp(request.param), **settings) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as opened:
        yield opened


@pytest.fixture(scope="session")
def digits_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's dataset."""
    path = tmp_path_factory.mktemp("digits") / "digits.npz"
    write_digits(path)
    return path


@pytest.fixture(scope="session")
def sample_model() -> dict[str, Any]:
    """The sample's model."""
    definition: dict[str, Any] = json.loads((SAMPLE / "digits.json").read_text("utf-8"))
    return definition


@pytest.fixture(scope="session")
def sample_job() -> dict[str, Any]:
    """The sample's request, without model and dataset."""
    spec: dict[str, Any] = json.loads((SAMPLE / "job.json").read_text("utf-8"))
    return {name: value for name, value in spec.items() if name not in {"model", "dataset"}}


@pytest.fixture(scope="module")
def digits_id(service: Service, digits_path: Path) -> str:
    """The sample's dataset, uploaded."""
    with Client(service.url) as client:
        return client.datasets.upload(digits_path).id


@pytest.fixture
def submit(
    client: Client, digits_id: str, sample_model: dict[str, Any], sample_job: dict[str, Any]
) -> Callable[..., Job]:
    """Gives a function that asks for the sample's training, with some fields changed."""

    def ask(**changes: Any) -> Job:
        return client.jobs.create(**{**sample_job, "model": sample_model, "dataset": digits_id, **changes})

    return ask


def wait_until(holds: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < deadline, f"{what} did not come within {DEADLINE_SECONDS:g} seconds"
        time.sleep(0.02)
    return found


@pytest.fixture(name="wait_until")
def give_wait_until() -> Callable[[Callable[[], Any], str], Any]:
    """Gives a function that waits until something is true and returns it."""
    return wait_until

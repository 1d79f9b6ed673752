"""An API with small limits to be fuzzed, and what it takes meanwhile."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from core.access.keys import create_key
from core.access.scopes import Scope
from core.tables import DEFAULT_PROJECT_ID
from tests.api_process import ApiProcess
from tests.fuzz.files import DATASETS, MODEL
from tests.trained_job import add_trained_job

MIB = 1024**2
READ_SECONDS = 10
READ_MEMORY_BYTES = 1024 * MIB
_SAMPLE_SECONDS = 0.05


@dataclass
class Peaks:
    """Most memory that was seen, in bytes resident.

    Attributes:
        api: of the API itself. child: of one process that reads for it. before: of the API at the start.
    """

    before: int
    api: int = 0
    child: int = 0


@dataclass(frozen=True)
class Target:
    """A running API and objects that are there.

    Attributes:
        url: of the API. dataset, model: with which jobs can be asked for. external: a run that takes metrics.
        trained: a job that predicts. key: an admin key, where one is needed.
    """

    url: str
    dataset: str
    model: str
    external: str
    trained: str
    key: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What lets a request in."""
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}


@contextmanager
def open_target(home: Path, **settings: Any) -> Iterator[tuple[Target, ApiProcess]]:
    """Serve until the block ends."""
    limits = {
        "max_read_seconds": READ_SECONDS,
        "max_read_memory_bytes": READ_MEMORY_BYTES,
        "max_decompressed_bytes": 64 * MIB,
        "max_upload_bytes": 32 * MIB,
    }
    process = ApiProcess(home, f"sqlite:///{home / 'kerasd.db'}", **{**limits, **settings})
    try:
        key = make_key(process) if settings.get("require_keys") else None
        process.start()
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=process.url, timeout=60, headers=headers) as client:
            jobs = [
                client.post("/v1/jobs", json={"external": True, "epochs": 9}).json()["id"] for _ in range(2)
            ]
            model = client.post("/v1/models", json=MODEL).json()
            dataset = client.post("/v1/datasets", content=DATASETS["npz"]).json()
        add_trained_job(process, jobs[1], model["inputs"])
        yield Target(process.url, dataset["id"], model["id"], *jobs, key), process
    finally:
        process.stop()


def make_key(process: ApiProcess) -> str:
    """Make an admin key beside the server, as `python -m core.keys` does."""
    with process.session() as session:
        return create_key(session, DEFAULT_PROJECT_ID, "fuzz", Scope.ADMIN)[1]


@contextmanager
def watch_memory(pid: int) -> Iterator[Peaks]:
    """Look at the memory of a process and its children again and again until the block ends."""
    process, ended = psutil.Process(pid), threading.Event()
    peaks = Peaks(process.memory_info().rss)

    def watch() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            peaks.api = max(peaks.api, process.memory_info().rss)
            for child in process.children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    peaks.child = max(peaks.child, child.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        ended.set()
        thread.join()


def settle(pid: int, seconds: float) -> list[str]:
    """Wait until nothing works for a process any more. Returns: what still does."""
    deadline = time.monotonic() + seconds
    while True:
        left = psutil.Process(pid).children(recursive=True)[1:]
        if not left or time.monotonic() > deadline:
            return [" ".join(process.cmdline()[:4]) for process in left]
        time.sleep(0.05)

"""The whole service for a test: embedded broker, API, workers and SQLite, as real processes."""

import ctypes
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from sqlalchemy import Engine

from core import migrate
from core.database import create_db_engine, session_scope
from core.embedded.broker import find_broker, publish_address
from core.identifiers import new_id
from core.jobs import transitions
from core.settings import Settings
from core.tables import Job
from tests import waiting
from tests.api_process import find_free_port
from worker.attempt import Attempt
from worker.template import SET_CHILD_SUBREAPER

DEADLINE_SECONDS = 240.0
TERMINAL = {"succeeded", "failed", "cancelled"}


def wait_until(holds: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """Wait until something is true, longer than other tests, and return it."""
    return waiting.wait_until(holds, what, seconds)


def make_definition(units: int = 8, features: int = 4, classes: int = 3) -> dict[str, Any]:
    """A small network with dropout, as Keras 2.1.6 prints it."""

    def dense(name: str, units: int, activation: str, **more: Any) -> dict[str, Any]:
        config = {
            "name": name,
            "trainable": True,
            "units": units,
            "activation": activation,
            "use_bias": True,
            **more,
        }
        return {"class_name": "Dense", "config": config}

    layers = [
        dense("hidden", units, "relu", batch_input_shape=[None, features], dtype="float32"),
        {"class_name": "Dropout", "config": {"name": "drop", "trainable": True, "rate": 0.2}},
        dense("out", classes, "softmax"),
    ]
    return {"class_name": "Sequential", "config": layers, "keras_version": "2.1.6", "backend": "tensorflow"}


def make_arrays(rows: int = 300, features: int = 4, classes: int = 3) -> dict[str, np.ndarray]:
    """Points around one centre a class."""
    random = np.random.default_rng(0)
    y = random.integers(0, classes, rows)
    x = random.normal(size=(rows, features)) + 3 * np.eye(classes, features)[y]
    return {"x": x.astype(np.float32), "y": y}


@dataclass(frozen=True)
class Process:
    """A process of the service, the head of a group of its own."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def status(self) -> int | None:
        return self.popen.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process, not to its children, and wait until it is gone."""
        self.popen.send_signal(number)
        self.popen.wait(120)

    def close(self) -> None:
        """End it and whatever is left of its group."""
        self.popen.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(5)


class Service:
    """A running service in a folder of its own.

    Args:
        home: its folder.
        settings: other than the defaults.
    """

    def __init__(self, home: Path, **settings: Any) -> None:
        port = find_free_port()
        values = {
            "home": home, "port": port, "lease_seconds": 3, "heartbeat_seconds": 0.5, "sweep_seconds": 0.5,
            "sse_poll_seconds": 0.05, "batch_metrics_seconds": 0.2, **settings,
        }  # fmt: skip
        self.settings = Settings(**values)
        self.environment = {
            f"KERASD_{name.upper()}": json.dumps(value) if isinstance(value, dict) else str(value)
            for name, value in values.items()
        }
        self.environment["PYTHONWARNINGS"] = "default"
        self.logs = home / "logs"
        self.processes: list[Process] = []
        self.api = httpx.Client(base_url=self.settings.api_url, timeout=60)

    def start(self) -> None:
        """Start the broker, the database and the API; workers are started by the tests."""
        broker = find_broker(self.settings)
        if broker.command is not None:
            self._start("broker", *broker.command.arguments, cwd=broker.command.cwd)
            wait_until(broker.answers, "the broker")
        publish_address(self.settings, broker)
        migrate.upgrade(self.settings.database_url)
        self.start_api()

    def start_api(self) -> Process:
        api = self._start("api", sys.executable, "-m", "api")
        wait_until(lambda: api.status is not None or self._is_ready(), "the API")
        assert api.status is None, api.log.read_text()[-4000:]
        return api

    def start_worker(self) -> Process:
        """Start a worker and wait until it is warm."""
        known = {worker["id"] for worker in self.get("/v1/workers")["data"]}
        worker = self._start("worker", sys.executable, "-m", "worker")

        def is_warm() -> bool:
            rows = [row for row in self.get("/v1/workers")["data"] if row["id"] not in known]
            return worker.status is not None or any(row["device"] != "unknown" for row in rows)

        wait_until(is_warm, "the worker")
        assert worker.status is None, worker.log.read_text()[-4000:]
        return worker

    def close(self) -> None:
        self.api.close()
        for process in reversed(self.processes):
            process.close()

    def get(self, path: str) -> Any:
        answer = self.api.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    make_definition = staticmethod(make_definition)
    wait_until = staticmethod(wait_until)

    def submit(self, **request: Any) -> str:
        """Submit a job on the small network and data unless told otherwise. Returns its identifier."""
        body = {
            "model": make_definition(),
            "compile": {
                "optimizer": "adam",
                "loss": "sparse_categorical_crossentropy",
                "metrics": ["accuracy"],
            },
            "seed": 1,
            **request,
        }
        body.setdefault("dataset", None)
        body["dataset"] = body["dataset"] or self.add_dataset(make_arrays())
        answer = self.api.post("/v1/jobs", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def add_dataset(self, arrays: dict[str, np.ndarray]) -> str:
        file = io.BytesIO()
        np.savez(file, **arrays)  # type: ignore[arg-type]
        answer = self.api.post("/v1/datasets", params={"name": "points"}, content=file.getvalue())
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/v1/jobs/{job_id}")
        return found

    def wait_for(self, job_id: str, *states: str, seconds: float = DEADLINE_SECONDS) -> dict[str, Any]:
        """Wait until a job is in one of the states; fail at once when it has ended in another."""

        def is_there() -> bool:
            job = self.job(job_id)
            if job["state"] in TERMINAL - set(states):
                pytest.fail(f"the job has {job['state']}: {json.dumps(job['error'], indent=1)}")
            return job["state"] in states

        wait_until(is_there, " or ".join(states), seconds)
        return self.job(job_id)

    def wait_for_epoch(self, job_id: str, epoch: int) -> None:
        wait_until(lambda: self.job(job_id)["epoch"] >= epoch, f"epoch {epoch}")

    def metrics(self, job_id: str, kind: str = "epoch") -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = self.get(f"/v1/jobs/{job_id}/metrics?kind={kind}")["columns"]
        return found

    def artifact(self, job_id: str, name: str) -> bytes:
        answer = self.api.get(f"/v1/jobs/{job_id}/artifacts/{name}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def run_processes(self, worker: Process) -> list[psutil.Process]:
        """The children of a worker."""
        return psutil.Process(worker.popen.pid).children()

    def find_training(self, job_id: str) -> psutil.Process:
        """The process that trains a job: the one that has its spool open."""

        def find() -> psutil.Process | None:
            workers = [
                process for process in self.processes if process.name == "worker" and process.status is None
            ]
            for process in (run for worker in workers for run in self.run_processes(worker)):
                if any(job_id in file.path for file in process.open_files()):
                    return process
            return None

        found: psutil.Process = wait_until(find, "the training process")
        return found

    def _start(self, name: str, *arguments: str, cwd: Path | None = None) -> Process:
        self.logs.mkdir(exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            popen = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=cwd,
                env={**os.environ, **self.environment},
                process_group=0,
            )
        process = Process(name, popen, log)
        self.processes.append(process)
        return process

    def _is_ready(self) -> bool:
        try:
            return self.api.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def adopting() -> Iterator[None]:
    """For tests that have templates; afterwards this process adopts no orphans, which would stay as its zombies."""
    yield
    assert ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0


@pytest.fixture
def db_engine(tmp_path: Path) -> Iterator[Engine]:
    """Gives an engine on a migrated SQLite database."""
    url = f"sqlite:///{tmp_path / 'kerasd.db'}"
    migrate.upgrade(url)
    engine = create_db_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def claim_job(db_engine: Engine) -> Callable[..., Attempt]:
    """Gives a function that adds a job and claims it."""

    def claim(**columns: Any) -> Attempt:
        with session_scope(db_engine) as session:
            job = transitions.create(session, Job(id=new_id("job"), name="a job", epochs=3, **columns))
        claimed = Attempt.claim_next(db_engine, "worker-1", Settings(lease_seconds=30))
        assert claimed is not None
        assert claimed.job_id == job.id
        return claimed

    return claim


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Gives a function that starts a service without a worker, with settings of its own."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Service:
            service = Service(tmp_path, **settings)
            stack.callback(service.close)
            service.start()
            return service

        yield make


@pytest.fixture(scope="module")
def shared_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Process]]:
    with ExitStack() as stack:
        service = Service(tmp_path_factory.mktemp("shared"))
        stack.callback(service.close)
        service.start()
        yield service, service.start_worker()


@pytest.fixture
def warm_service(shared_worker: tuple[Service, Process]) -> Iterator[Service]:
    """Gives a service with a worker, for tests that leave both as they were."""
    service, worker = shared_worker
    yield service
    assert worker.status is None, "the worker must live on"


@pytest.fixture
def service(make_service: Callable[..., Service]) -> Service:
    """Gives a service without a worker."""
    return make_service()

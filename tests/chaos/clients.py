"""People who send datasets and jobs while everything around them dies, and believe only what was answered."""

import hashlib
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import numpy as np

from client import Client, KerasdError
from tests.worker.trainings import Training

EXPECTED_STATUSES = frozenset({None, 409, 429, 503, 507})
"""None: nobody answered. Whoever gets one of these tries again."""
MOST_OPEN_JOBS = 4
_PAUSE_SECONDS = 0.3

T = TypeVar("T")


@dataclass
class Ledger:
    """What the service has accepted, and what it has said besides."""

    jobs: dict[str, str] = field(default_factory=dict)
    """Kind of training by job."""
    uploads: dict[str, str] = field(default_factory=dict)
    """SHA-256 by dataset."""
    answers: Counter[int | None] = field(default_factory=Counter)
    """How often a request was refused, by status."""
    faults: list[str] = field(default_factory=list)
    """Answers that nobody may get here."""


class Sender(threading.Thread):
    """Uploads a dataset of its own and submits a job on it, again and again.

    Args:
        url: of the service.
        trainings: kinds to choose from.
        ledger: shared by all.
        choose: what to send.
        folder: for files to be uploaded.
    """

    def __init__(
        self, url: str, trainings: dict[str, Training], ledger: Ledger, choose: random.Random, folder: Path
    ) -> None:
        super().__init__(name="sender")
        self._client = Client(url, retries=3, timeout_seconds=20)
        self._trainings, self._ledger, self._choose, self._folder = trainings, ledger, choose, folder
        self._is_over = threading.Event()

    def close(self) -> None:
        """Send nothing more, but bring to an end what was begun."""
        self._is_over.set()

    def run(self) -> None:
        try:
            while not self._is_over.is_set():
                self._send()
                self._is_over.wait(self._choose.uniform(0.2, 2))
        except Exception as error:
            self._ledger.faults.append(f"a sender broke down: {error!r}")
            raise
        finally:
            self._client.close()

    def _send(self) -> None:
        name = self._choose.choice(sorted(self._trainings))
        training = self._trainings[name]
        # One more column, which is not trained on, makes the bytes unlike all others.
        path = self._folder / f"{self._choose.getrandbits(64):016x}.npz"
        np.savez(
            path, **training.arrays, extra=np.array([self._choose.random() for _ in training.arrays["x"]])
        )
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        dataset = self._insist(lambda key: self._client.datasets.upload(path, idempotency_key=key))
        path.unlink()
        self._ledger.uploads[dataset.id] = sha256
        while not self._is_over.is_set() and self._count_open() >= MOST_OPEN_JOBS:
            time.sleep(_PAUSE_SECONDS)
        request = {"data": {"x": "x", "y": "y"}, **training.request}
        job = self._insist(
            lambda key: self._client.jobs.create(dataset=dataset.id, idempotency_key=key, **request)
        )
        self._ledger.jobs[job.id] = name

    def _count_open(self) -> int:
        """How many jobs wait or run, so that they do not pile up."""
        try:
            page = self._client.jobs.list(limit=50)
        except (KerasdError, httpx.HTTPError):
            return MOST_OPEN_JOBS
        return sum(job.state not in {"succeeded", "failed", "cancelled"} for job in page.data)

    def _insist(self, ask: Callable[[str], T]) -> T:
        """Ask until there is an answer, with the same Idempotency-Key each time."""
        key = uuid.UUID(int=self._choose.getrandbits(128)).hex
        while True:
            try:
                return ask(key)
            except KerasdError as error:
                self._ledger.answers[error.status] += 1
                if error.status not in EXPECTED_STATUSES:
                    self._ledger.faults.append(f"a request was answered {error.status}: {error}")
            time.sleep(_PAUSE_SECONDS)

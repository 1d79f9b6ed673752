"""Tells the service how a training goes, through the callback that Keras has for it."""

import math
import time
from pathlib import Path
from typing import Any

from core.settings import Settings
from engine.callbacks import RemoteMonitor
from worker.delivery import Delivery
from worker.spool import Spool

STOPPED_BY_SERVICE = "the service no longer takes metrics of this attempt"


class RefusedError(Exception):
    """The service has given the job to another attempt: this one must stop and write nothing."""


class ServiceMonitor(RemoteMonitor):
    """A `RemoteMonitor` that loses nothing and never makes the training wait.

    The metrics of every epoch, and those of a batch every few seconds, go to a spool on disk and from there
    to the API in the background. Reading a batch's metrics waits for the device, so most are not read.

    Args:
        settings: the API's address and the seconds between batches.
        job_id, attempt: whose metrics.
        folder: of the spool.
        token: of the attempt.
    """

    def __init__(self, settings: Settings, job_id: str, attempt: int, folder: Path, token: str) -> None:
        super().__init__(root=settings.api_url, path=f"/v1/jobs/{job_id}/metrics")
        self._spool = Spool(folder, attempt)
        self._delivery = Delivery(self._spool, f"{self.root}{self.path}", attempt, token)
        self._batch_seconds = settings.batch_metrics_seconds
        self._next_batch_at = time.monotonic() + self._batch_seconds
        self._epoch = 0
        self._delivery.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called at the start of each epoch."""
        self._epoch = epoch

    def on_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Called at the end of each batch."""
        if self._delivery.is_refused:
            raise RefusedError(STOPPED_BY_SERVICE)
        now = time.monotonic()
        if now < self._next_batch_at or not logs:
            return
        self._next_batch_at = now + self._batch_seconds
        values = {name: value for name, value in logs.items() if name not in ("batch", "size")}
        self._report("batch", self._epoch * self._batches_per_epoch() + batch, self._epoch, values)

    def send(self, data: dict[str, Any]) -> None:
        """Spool one epoch's metrics."""
        values = dict(data)
        epoch = values.pop("epoch")
        self._report("epoch", epoch, epoch, values)
        if self._delivery.is_refused:
            raise RefusedError(STOPPED_BY_SERVICE)

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until all metrics have arrived, for so long at most. Returns whether they have."""
        return self._delivery.flush(seconds)

    def close(self) -> None:
        """Report no more."""
        self._delivery.close()
        self._spool.close()

    def _batches_per_epoch(self) -> int:
        steps = self.params.get("steps")
        if steps:
            return int(steps)
        return math.ceil(self.params["samples"] / self.params["batch_size"])

    def _report(self, kind: str, step: int, epoch: int, values: dict[str, Any]) -> None:
        self._spool.append(
            {
                "kind": kind,
                "step": step,
                "epoch": epoch,
                "values": {name: float(value) for name, value in values.items()},
                "recorded_at": time.time(),
            }
        )
        self._delivery.notify()

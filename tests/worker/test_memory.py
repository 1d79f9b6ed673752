"""Trainings that want more memory than their process may have."""

from collections.abc import Callable

import numpy as np
import psutil

from tests.worker.conftest import Service, make_definition

ROOM_BYTES = 512 * 1024**2
ROWS = 8192
UNITS = 32_768
"""So that one layer's output for a batch of all rows takes a GiB."""


def test_a_batch_that_does_not_fit_fails_with_a_hint_and_spares_the_worker(
    make_service: Callable[..., Service],
) -> None:
    service = make_service()
    worker = service.start_worker()
    for child in service.run_processes(worker):
        limit = child.memory_info().vms + ROOM_BYTES
        child.rlimit(psutil.RLIMIT_AS, (limit, limit))
    random = np.random.default_rng(0)
    dataset = service.add_dataset(
        {"x": random.random((ROWS, 4), dtype=np.float32), "y": random.integers(0, 3, ROWS)}
    )
    wide = {"model": make_definition(units=UNITS), "dataset": dataset}
    job = service.wait_for(service.submit(**wide, fit={"epochs": 1, "batch_size": ROWS}), "failed")
    assert job["error"]["type"] == "out-of-memory", job["error"]
    assert "batch_size" in job["error"]["detail"]
    assert job["attempt"] == 1
    assert worker.status is None
    service.wait_for(service.submit(**wide, fit={"epochs": 1, "batch_size": 64}), "succeeded")

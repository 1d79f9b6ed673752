"""Trainings that are killed at random moments and must end as if nothing had happened."""

import random
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.worker.test_worker import assert_same_weights
from tests.worker.trainings import Training

MOST_CHECKPOINTS = 6


def train_undisturbed(service: Any, training: Training) -> str:
    """Returns the job, which has succeeded."""
    job_id: str = service.submit(dataset=service.add_dataset(training.arrays), **training.request)
    service.wait_for(job_id, "succeeded")
    return job_id


def train_disturbed(service: Any, training: Training, kills: Sequence[str], choose: random.Random) -> str:
    """Kill the run or its worker, each after a few more checkpoints, in and between epochs.

    Args:
        service: has one worker, and writes a checkpoint after each batch.
        training: what is trained.
        kills: "run" or "worker", in this order.
        choose: how many checkpoints.

    Returns:
        The job, which has succeeded after more attempts than there were kills.
    """
    job_id: str = service.submit(dataset=service.add_dataset(training.arrays), **training.request)
    for number, kill in enumerate(kills, 1):
        service.wait_until(
            lambda number=number: (
                (job := service.job(job_id))["attempt"] >= number and job["state"] == "running"
            ),
            "the next attempt",
        )
        run = service.find_training(job_id)
        wait_for_checkpoints(service, job_id, choose.randrange(1, MOST_CHECKPOINTS))
        if kill == "run":
            run.kill()
        else:
            worker = next(
                process
                for process in service.processes
                if process.name == "worker" and process.status is None
            )
            worker.send(signal.SIGKILL)
            service.start_worker()
    # On a machine that is very busy a worker that lives may lose its lease too.
    assert service.wait_for(job_id, "succeeded")["attempt"] > len(kills)
    return job_id


def assert_same_outcome(service: Any, one: str, other: str) -> None:
    """Both jobs must have ended with the same weights, optimizer state, files and metrics, bit for bit."""
    names = {entry["name"] for entry in service.get(f"/v1/jobs/{one}/artifacts")["data"]}
    assert names == {entry["name"] for entry in service.get(f"/v1/jobs/{other}/artifacts")["data"]}
    for name in sorted(names):
        first, second = service.artifact(one, name), service.artifact(other, name)
        if name.endswith(".h5"):
            assert_same_weights(first, second)
        else:
            assert first == second, name
    expected, found = service.metrics(one), service.metrics(other)
    assert found["step"] == list(range(len(found["step"])))
    for name in (expected.keys() | found.keys()) - {"recorded_at"}:
        assert found[name] == expected[name], name


def wait_for_checkpoints(service: Any, job_id: str, count: int) -> None:
    """Wait until the newest checkpoint of a job was replaced so often."""
    folder = service.settings.home / "objects" / "attempts" / job_id
    for _ in range(count):
        before = _find_checkpoint(folder)
        service.wait_until(lambda before=before: _find_checkpoint(folder) != before, "a checkpoint")


def _find_checkpoint(folder: Path) -> tuple[str, int] | None:
    """Name and number of the newest file."""
    found = max(folder.glob("*"), key=lambda path: int(path.name), default=None)
    with suppress(FileNotFoundError):
        return None if found is None else (found.name, found.stat().st_ino)
    return _find_checkpoint(folder)

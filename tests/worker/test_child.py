"""A child as a process: warm, obedient, and gone when its worker is."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import migrate
from worker.child import Child
from worker.run.channel import STOPPED_STATUS

READY_SECONDS = 60


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    migrate.upgrade(f"sqlite:///{tmp_path / 'kerasd.db'}")
    return {"KERASD_HOME": str(tmp_path), "KERASD_DEVICE": "cpu"}


@pytest.fixture
def child(environment: dict[str, str]) -> Iterator[Child]:
    child = Child(environment)
    yield child
    child.stop(grace_seconds=0)


def test_a_child_says_when_it_is_warm_and_ends_when_told_to(child: Child) -> None:
    assert child.receive(READY_SECONDS) == {"event": "ready", "device": "cpu"}
    assert child.status is None
    child.stop(grace_seconds=5)
    assert child.status == STOPPED_STATUS
    child.stop(grace_seconds=5)


def test_a_prediction_that_is_unknown_is_answered_and_harms_nobody(child: Child) -> None:
    assert child.receive(READY_SECONDS)
    child.order(kind="predict", prediction_id="prd_none")
    assert child.receive(READY_SECONDS) == {"answered": "prd_none"}
    assert child.status is None


def test_a_child_ends_with_its_worker(environment: dict[str, str]) -> None:
    script = (
        "import os; from worker.child import Child; "
        "child = Child({}); child.receive(60); print(child.pid, flush=True); os._exit(0)"
    )
    # The pipe ends only when the child, which writes its errors there, has ended too.
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={**environment, "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=READY_SECONDS,
        check=True,
    )
    assert int(ended.stdout.split()[-1]) > 0


def test_a_device_that_is_missing_is_told(environment: dict[str, str]) -> None:
    child = Child({**environment, "KERASD_DEVICE": "cuda", "CUDA_VISIBLE_DEVICES": ""})
    assert child.wait(READY_SECONDS) == 1
    child.stop(grace_seconds=0)

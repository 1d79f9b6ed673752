"""The spare and its template: replaced when they die or when other surroundings are wanted."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core import migrate
from tests.worker.conftest import wait_until
from worker.child import Child
from worker.spare import Spare

pytestmark = pytest.mark.usefixtures("adopting")

READY_SECONDS = 60


class Surroundings(dict[str, str]):
    """An environment that tests change; what it was asked for is a copy."""

    def read(self) -> dict[str, str]:
        return dict(self)


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    migrate.upgrade(f"sqlite:///{tmp_path / 'kerasd.db'}")
    return Surroundings(KERASD_HOME=str(tmp_path), KERASD_DEVICE="cpu", OMP_NUM_THREADS="1")


@pytest.fixture
def heard() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def spare(surroundings: Surroundings, heard: list[dict[str, Any]]) -> Iterator[Spare]:
    spare = Spare(surroundings.read, heard.append)
    yield spare
    spare.close()


def list_processes(surroundings: Surroundings) -> set[psutil.Process]:
    """Those that live and have this test's home: this process adopts what servers of other tests leave behind."""
    return {
        process
        for process in psutil.Process().children()
        if find_home(process) == surroundings["KERASD_HOME"]
    }


def find_home(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("KERASD_HOME")
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return None


def find_template(surroundings: Surroundings, *children: Child) -> psutil.Process:
    pids = {child.pid for child in children}
    (template,) = [process for process in list_processes(surroundings) if process.pid not in pids]
    return template


def take_warm(spare: Spare) -> Child:
    child = spare.take()
    assert child.receive(READY_SECONDS) == {"event": "ready", "device": "cpu"}
    # It may be ready before its first parent has ended, and this process adopts it only then.
    wait_until(lambda: child.pid in {each.pid for each in psutil.Process().children()}, "the adoption")
    return child


def test_a_killed_spare_is_replaced_and_told_of(
    spare: Spare, surroundings: Surroundings, heard: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    child = take_warm(spare)
    known = list_processes(surroundings)
    wait_until(lambda: spare.maintain() or len(heard) == 2, "the spare", READY_SECONDS)
    (process,) = wait_until(lambda: list_processes(surroundings) - known, "its adoption")
    process.kill()
    with caplog.at_level(logging.ERROR):
        wait_until(lambda: spare.maintain() or len(heard) == 3, "another spare", READY_SECONDS)
    assert "status -9 before it was used" in caplog.text
    child.stop(grace_seconds=0)


def test_a_killed_template_is_replaced(spare: Spare, surroundings: Surroundings) -> None:
    child = take_warm(spare)
    template = find_template(surroundings, child)
    template.kill()
    wait_until(lambda: template.status() == psutil.STATUS_ZOMBIE, "the end of the template")
    other = take_warm(spare)
    assert find_template(surroundings, child, other).pid != template.pid
    for each in (child, other):
        assert each.status is None
        each.stop(grace_seconds=0)


def test_other_surroundings_need_another_template(spare: Spare, surroundings: Surroundings) -> None:
    child = take_warm(spare)
    surroundings["OMP_NUM_THREADS"] = "3"
    other = take_warm(spare)
    found = [psutil.Process(each.pid).environ()["OMP_NUM_THREADS"] for each in (child, other)]
    assert found == ["1", "3"]
    for each in (child, other):
        each.stop(grace_seconds=0)


def test_a_spare_of_other_surroundings_is_replaced_at_once(
    spare: Spare, surroundings: Surroundings, caplog: pytest.LogCaptureFixture
) -> None:
    spare.maintain()
    surroundings["OMP_NUM_THREADS"] = "3"
    spare.maintain()
    child = take_warm(spare)
    assert psutil.Process(child.pid).environ()["OMP_NUM_THREADS"] == "3"
    assert caplog.messages == []
    child.stop(grace_seconds=0)

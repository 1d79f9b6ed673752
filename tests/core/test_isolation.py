"""Work in a process of its own: what takes too much is ended, what crashes is told, and nothing gets out."""

import io
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.isolation import IsolationError, call_apart, is_ready, start, stop
from tests.waiting import wait_until

WORK = "tests.core.isolation_work"
MIB = 1024**2


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No process but the one that is copied is there after a test."""
    yield
    deadline = time.monotonic() + 20
    while len(find_processes()) > 1:
        assert time.monotonic() < deadline, [process.status() for process in find_processes()]
        time.sleep(0.02)


def find_processes() -> list[psutil.Process]:
    """Find this process's fork server and its copies; a server that another test started has its own."""
    own = [child for child in psutil.Process().children() if is_fork_server(child)]
    found = [*own, *(copy for child in own for copy in child.children(recursive=True))]
    return [process for process in found if process.is_running()]


def is_fork_server(process: psutil.Process) -> bool:
    """What has ended is none: this process may have adopted it from another test."""
    try:
        return "core.fork_server" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port of this machine that counts who comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def is_visited(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_the_answer_comes_back() -> None:
    order = {"text": "Ω\n", "numbers": [1, 2.5, None]}
    assert call_apart(f"{WORK}:echo", order) == order


@pytest.mark.parametrize("size", [0, 2, 10 * MIB])
def test_bytes_come_with_the_answer(size: int) -> None:
    file = io.BytesIO()
    assert call_apart(f"{WORK}:attach", {"bytes": size}, attached_to=file) == {"told": True}
    assert file.getvalue() == b"\n1" * (size // 2)


def test_bytes_that_do_not_come_are_missed() -> None:
    with pytest.raises(IsolationError, match="ended with status 0"):
        call_apart(f"{WORK}:attach_less", {}, attached_to=io.BytesIO())


def test_ready_once_its_modules_are_loaded() -> None:
    start("tests.core.isolation_work")
    assert not is_ready()
    wait_until(is_ready, "the process")
    (process,) = find_processes()
    process.kill()
    process.wait()
    assert not is_ready()
    wait_until(is_ready, "the process that takes its place")
    assert call_apart(f"{WORK}:echo", {}) == {}
    start()


def test_a_caller_that_is_gone_before_all_is_loaded_is_no_error() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        command = [sys.executable, "-m", "core.fork_server", str(theirs.fileno())]
        ended = subprocess.run(command, pass_fds=[theirs.fileno()], capture_output=True, timeout=100)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_process_that_hangs_in_c_is_ended() -> None:
    with pytest.raises(IsolationError, match="did not end within 1 seconds"):
        call_apart(f"{WORK}:hang_in_c", {}, seconds=1)


@pytest.mark.parametrize(
    ("name", "words"),
    [("crash", "status -6"), ("fail", "truncated file"), ("no_such_work", "no_such_work")],
)
def test_a_crash_is_told(name: str, words: str) -> None:
    with pytest.raises(IsolationError, match=words):
        call_apart(f"{WORK}:{name}", {})


def test_processor_time_is_limited() -> None:
    with pytest.raises(IsolationError, match=r"did not end within 1 seconds|processor time"):
        call_apart(f"{WORK}:burn", {}, seconds=1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the memory of a process")
def test_memory_is_limited() -> None:
    assert call_apart(f"{WORK}:take_memory", {"bytes": 10 * MIB}, memory_bytes=100 * MIB) == 10 * MIB
    with pytest.raises(IsolationError, match="more than 104,857,600 bytes of memory"):
        call_apart(f"{WORK}:take_memory", {"bytes": 200 * MIB}, memory_bytes=100 * MIB)


def test_answers_are_limited() -> None:
    with pytest.raises(IsolationError, match="answers with more"):
        call_apart(f"{WORK}:answer_at_length", {"bytes": 257 * MIB})


@pytest.mark.parametrize("name", ["write", "run_program", "unpickle"])
def test_nothing_is_written_or_run(name: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    with pytest.raises(IsolationError, match="must not do this"):
        call_apart(f"{WORK}:{name}", {"path": str(canary)})
    assert not canary.exists()


def test_not_even_c_code_fills_a_file(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    assert call_apart(f"{WORK}:write_in_c", {"path": str(canary)}) == -1
    assert canary.read_bytes() == b""


def test_there_is_no_network(listener: socket.socket) -> None:
    with pytest.raises(IsolationError, match="must not do this: socket"):
        call_apart(f"{WORK}:connect", {"port": listener.getsockname()[1]})
    assert not is_visited(listener)


def test_not_even_c_code_reaches_the_network(listener: socket.socket) -> None:
    if not call_apart(f"{WORK}:has_own_network", {}):
        pytest.skip("this system permits no namespaces: only Python code is kept from the network")
    assert call_apart(f"{WORK}:connect_in_c", {"port": listener.getsockname()[1]}) == -1
    assert not is_visited(listener)


def test_it_starts_again_after_its_end() -> None:
    call_apart(f"{WORK}:echo", {})
    (process,) = find_processes()
    process.kill()
    process.wait()
    assert call_apart(f"{WORK}:echo", {"a": 1}) == {"a": 1}


def test_the_end_of_it_ends_its_work() -> None:
    start()
    assert call_apart(f"{WORK}:echo", {}) == {}
    stop()
    assert find_processes() == []
    start()

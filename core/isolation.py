"""Work on what strangers sent in a process of its own, with little memory, little time and no network.

Libraries can hang, crash or take all memory on bytes that nobody has foreseen: a few changed bytes make the
HDF5 library loop for ever inside C code, where no timeout of this process reaches it. `core.fork_server` waits
with the libraries loaded and is copied for each piece of work, which takes milliseconds.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from core.fork_server import END, READY

READ_SECONDS: Final = 30.0
READ_MEMORY_BYTES: Final = 4 * 1024**3
BYTES_PER_SECOND: Final = 20_000_000
_MAX_ANSWER_BYTES: Final = 256 * 1024**2
_BLOCK_BYTES: Final = 1024**2
_MODULES: Final = ("core.datasets.isolation", "core.hdf5")
# Arrow's own allocator takes a gigabyte of addresses at once, which counts as memory.
_ENVIRONMENT: Final = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
_ENDS: Final = {
    -signal.SIGXCPU: "it took too much processor time",
    -signal.SIGALRM: "it did not end in time",
    -signal.SIGKILL: "its reader was killed, perhaps for want of memory",
}


class IsolationError(RuntimeError):
    """The process hung, crashed or took too much; the words say which."""


class ForkServer:
    """The process that is copied; started when it is first needed, and again when it is gone.

    Args:
        modules: what it loads, and `module:function` what it calls once it is loaded.
    """

    def __init__(self, *modules: str) -> None:
        self.modules = modules
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_ready = False

    def start(self) -> None:
        """Start it now, so that the first work need not wait for it."""
        with self._lock:
            self._ensure_running()

    def stop(self) -> None:
        """End it and what it works on."""
        with self._lock:
            if self._process is not None:
                self._process.terminate()
                self._process.wait()
            self._forget()

    def connect(self) -> socket.socket:
        """A socket that leads to a new copy of the process."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            self._ensure_running()
            assert self._control is not None
            if not self._is_ready and self._control.recv(1) != READY:
                raise RuntimeError(f"core.fork_server could not load {', '.join(self.modules)}; see the log")
            self._is_ready = True
            socket.send_fds(self._control, [READY], [theirs.fileno()])
        return ours

    def _forget(self) -> None:
        if self._control is not None:
            self._control.close()
        self._process, self._control, self._is_ready = None, None, False

    def _ensure_running(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._forget()
        self._control, theirs = socket.socketpair()
        with theirs:
            descriptor = theirs.fileno()
            command = [sys.executable, "-m", "core.fork_server", str(descriptor), *self.modules]
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **_ENVIRONMENT},
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
            )


_server = ForkServer(*_MODULES)
_slots: Final = threading.BoundedSemaphore(max(4, os.cpu_count() or 1))


def start(*modules: str) -> None:
    """Start the process that is copied, before its first work.

    Args:
        modules: what it loads besides the readers of files; with `:function` it also calls that, once.
    """
    stop()
    _server.modules = (*_MODULES, *modules)
    _server.start()


def stop() -> None:
    """End the process that is copied, and what it works on."""
    _server.stop()


def seconds_for(size_bytes: int, seconds: float = READ_SECONDS) -> float:
    """Time for a file: one second more for each `BYTES_PER_SECOND` bytes."""
    return seconds + size_bytes / BYTES_PER_SECOND


def call_apart(
    target: str,
    order: Mapping[str, Any],
    seconds: float = READ_SECONDS,
    memory_bytes: int = READ_MEMORY_BYTES,
) -> Any:
    """Call a function in a process of its own, and end that when it takes too much.

    Args:
        target: the function, as `module:name`; it takes the order and returns plain JSON data.
        order: plain JSON data.
        seconds: until it is ended.
        memory_bytes: that it may take.

    Returns:
        What it returned.

    Raises:
        IsolationError: it hung, crashed, took too much memory, or raised an error.
    """
    work = {"target": target, "order": order, "seconds": seconds, "memory_bytes": memory_bytes}
    with _slots, _server.connect() as worker:
        received = _exchange(worker, json.dumps(work).encode() + END, seconds)
    text, _, status = received.rpartition(END)
    if not text:
        code = int(status) if status else None
        raise IsolationError(_ENDS.get(code or 0, f"its reader ended with status {code}"))
    answer = json.loads(text)
    if "failure" in answer:
        raise IsolationError(answer["failure"])
    return answer["value"]


def _exchange(worker: socket.socket, order: bytes, seconds: float) -> bytes:
    """Send the order, and receive until the other side hangs up."""
    worker.sendall(order)
    deadline = time.monotonic() + seconds
    received = bytearray()
    while len(received) <= _MAX_ANSWER_BYTES:
        worker.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            block = worker.recv(_BLOCK_BYTES)
        except TimeoutError:
            raise IsolationError(f"it did not end within {seconds:.0f} seconds") from None
        if not block:
            return bytes(received)
        received += block
    raise IsolationError(f"it answers with more than {_MAX_ANSWER_BYTES:,} bytes")

"""Work on what strangers sent in a process of its own, with little memory, little time and no network.

Libraries can hang, crash or take all memory on bytes that nobody has foreseen: a few changed bytes make the
HDF5 library loop for ever inside C code, where no timeout of this process reaches it. `core.fork_server` waits
with the libraries loaded and is copied for each piece of work, which takes milliseconds.
"""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

from core.fork_server import END, READY

READ_SECONDS: Final = 30.0
READ_MEMORY_BYTES: Final = 4 * 1024**3
BYTES_PER_SECOND: Final = 20_000_000
_MAX_ANSWER_BYTES: Final = 256 * 1024**2
_BLOCK_BYTES: Final = 1024**2
_STATUS_BYTES: Final = 8
_MODULES: Final = ("core.datasets.isolated", "core.hdf5")
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

    def is_ready(self) -> bool:
        """Whether it has loaded its modules; one that is gone is started again, and is not ready until then."""
        process = self._process
        if self._is_ready and process is not None and process.poll() is None:
            return True
        if not self._lock.acquire(blocking=False):  # somebody waits for it at this moment
            return False
        try:
            self._ensure_running()
            assert self._control is not None
            self._is_ready = self._is_ready or self._control.recv(1, socket.MSG_DONTWAIT) == READY
        except BlockingIOError:
            return False
        finally:
            self._lock.release()
        return self._is_ready

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


def is_ready() -> bool:
    """Whether work would begin at once; see `ForkServer.is_ready`."""
    return _server.is_ready()


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
    attached_to: BinaryIO | None = None,
) -> Any:
    """Call a function in a process of its own, and end that when it takes too much.

    Args:
        target: the function, as `module:name`; it takes the order and returns plain JSON data, or an `Attachment`.
        order: plain JSON data.
        seconds: until it is ended.
        memory_bytes: that it may take.
        attached_to: where the bytes of an `Attachment` go.

    Returns:
        What it returned; of an `Attachment` its value.

    Raises:
        IsolationError: it hung, crashed, took too much memory, or raised an error.
    """
    work = {"target": target, "order": order, "seconds": seconds, "memory_bytes": memory_bytes}
    with _slots, _server.connect() as worker:
        worker.sendall(json.dumps(work).encode() + END)
        answer = _Answer(worker, seconds)
        try:
            head = json.loads(answer.read_line())
        except json.JSONDecodeError:  # it ended before it had told all
            raise answer.describe_end() from None
        if "failure" in head:
            raise IsolationError(head["failure"])
        if not answer.copy(head.get("attached_bytes", 0), attached_to or io.BytesIO()):
            raise answer.describe_end()
        return head["value"]


class _Answer:
    """What comes out of the process, until a moment.

    Args:
        worker: leads to the process.
        seconds: from now, for all of it.
    """

    def __init__(self, worker: socket.socket, seconds: float) -> None:
        self._worker = worker
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._held = bytearray()

    def read_line(self) -> bytes:
        """The bytes up to the next `END`, or to the end of all."""
        searched = 0
        while (end := self._held.find(END, searched)) < 0:
            searched = len(self._held)
            if searched > _MAX_ANSWER_BYTES:
                raise IsolationError(f"it answers with more than {_MAX_ANSWER_BYTES:,} bytes")
            if not self._receive():
                end = searched
                break
        line = bytes(self._held[:end])
        del self._held[: end + len(END)]
        return line

    def copy(self, size_bytes: int, target: BinaryIO) -> bool:
        """Pass on so many bytes. Returns: whether all of them came, and the end after them."""
        block = b""
        while size_bytes > 0 and (self._held or self._receive()):
            block = bytes(self._held[:size_bytes])
            target.write(block)
            size_bytes -= len(block)
            del self._held[: len(block)]
        if size_bytes > 0:
            self._held += block[-_STATUS_BYTES:]  # too few came, so that the last are no part of them
        return size_bytes == 0 and self.read_line() == b""

    def describe_end(self) -> IsolationError:
        """How the process ended that did not tell all."""
        while self._receive():
            del self._held[:-_STATUS_BYTES]
        status = bytes(self._held).rpartition(END)[2]
        code = int(status) if status else 0
        return IsolationError(_ENDS.get(code, f"its reader ended with status {code}"))

    def _receive(self) -> bool:
        """Hold one block more, if there is one."""
        self._worker.settimeout(max(0.001, self._deadline - time.monotonic()))
        try:
            block = self._worker.recv(_BLOCK_BYTES)
        except TimeoutError:
            raise IsolationError(f"it did not end within {self._seconds:.0f} seconds") from None
        self._held += block
        return bool(block)

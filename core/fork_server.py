"""`python -m core.fork_server FD MODULE[:FUNCTION]…`: a process with modules loaded, copied for each piece of work.

Its caller (`core.isolation`) sends one end of a socket pair for each piece through the socket FD. Two copies are
made: a keeper, and the one that works, which gives up what it does not need. The keeper passes the answer on,
and ends the work when the caller hangs up. When the caller is gone, so is all of this.

An answer is a line of JSON, the bytes that it announces as attached, and the exit status on a line of its own.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, Final, NoReturn

from core.attachment import Attachment
from core.confinement import confine

READY: Final = b"+"
END: Final = b"\n"
_BLOCK_BYTES: Final = 64 * 1024


def serve(control: socket.socket) -> None:
    """Copy this process for each socket that comes, until the caller is gone."""
    while True:
        word, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not word:
            return
        with socket.socket(fileno=descriptors[0]) as caller:
            if os.fork() == 0:
                try:
                    control.close()
                    _keep(caller)
                finally:  # a caller that hung up in between is no error, and a copy never comes back to serve
                    os._exit(1)


def _keep(caller: socket.socket) -> NoReturn:
    """Let a copy work and pass on its answer, then its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    order = _receive_line(caller)
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        caller.close()
        os.close(reading)
        _work(json.loads(order), writing)
    os.close(writing)
    if not _pass_on(reading, caller):
        os.kill(worker, signal.SIGKILL)
        os._exit(0)
    _, status = os.waitpid(worker, 0)
    caller.sendall(END + str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _receive_line(caller: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(END):
        block = caller.recv(_BLOCK_BYTES)
        if not block:
            os._exit(0)
        received += block
    return bytes(received)


def _pass_on(reading: int, caller: socket.socket) -> bool:
    """Returns: whether the answer came to its end, and not the caller."""
    while True:
        ready, _, _ = select.select([reading, caller.fileno()], [], [])
        if caller.fileno() in ready:
            return False
        block = os.read(reading, _BLOCK_BYTES)
        if not block:
            return True
        caller.sendall(block)


def _work(order: dict[str, Any], writing: int) -> NoReturn:
    content: bytes | memoryview = b""
    with os.fdopen(writing, "wb") as file:
        module, _, name = order["target"].partition(":")
        try:
            function = getattr(importlib.import_module(module), name)
            confine(order["seconds"], order["memory_bytes"])
            answer, content = _describe(function(order["order"]))
        except MemoryError:
            answer = {"failure": f"it takes more than {order['memory_bytes']:,} bytes of memory"}
        except Exception as error:
            answer = {"failure": f"{type(error).__name__}: {error}"[:300]}
        file.write(json.dumps(answer).encode() + END)
        file.write(content)
    os._exit(0)


def _describe(result: Any) -> tuple[dict[str, Any], bytes | memoryview]:
    if isinstance(result, Attachment):
        return {"value": result.value, "attached_bytes": len(result.content)}, result.content
    return {"value": result}, b""


def main() -> None:
    """Load the modules, call their functions and serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    descriptor, *modules = sys.argv[1:]
    for each in modules:
        module, _, name = each.partition(":")
        loaded = importlib.import_module(module)
        if name:
            getattr(loaded, name)()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=int(descriptor)) as control, suppress(ConnectionError):  # the caller is gone
        control.sendall(READY)
        serve(control)


if __name__ == "__main__":
    main()

"""A child process that trains or predicts: warm before it is needed, told what to do by lines of JSON."""

import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Queue
from typing import Any, Final

from worker.template import Template

UNKNOWN_STATUS: Final = 1
"""Of a child that never came to be, since its template had died."""

_LISTENER_SECONDS = 1.0


class Child:
    """A copy of a template.

    One pipe carries orders, and its end tells the child that the worker is gone; another carries messages, whose end
    tells that the child is. What it writes to standard error goes to the worker's.

    Args:
        template: what it is a copy of.
        on_ready: told, in a thread of its own, what the child says when it is warm, such as the device.
    """

    def __init__(self, template: Template, on_ready: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.environment = template.environment
        self.messages: Queue[dict[str, Any]] = Queue()
        self._on_ready = on_ready
        self._pid: int | None = None
        self._status: int | None = None
        self._has_ended = threading.Event()
        self._reaping = threading.Lock()
        orders, ordering = os.pipe()
        listening, messages = os.pipe()
        template.copy(orders, messages)
        os.close(orders)
        os.close(messages)
        self._orders = os.fdopen(ordering, "w")
        self._listener = threading.Thread(target=self._listen, args=[listening], name="child", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int | None:
        """The number of the process; None before the template has made it."""
        return self._pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._status

    def order(self, **order: Any) -> None:
        """Tell the child what to do; one that has died is found by its status."""
        if self._orders.closed:
            return
        with suppress(OSError):
            self._orders.write(json.dumps(order) + "\n")
            self._orders.flush()

    def wait(self, seconds: float) -> int | None:
        """Wait for the end for so long at most. Returns the exit status, or None."""
        self._has_ended.wait(seconds)
        return self._status

    def receive(self, seconds: float) -> dict[str, Any] | None:
        """The next message, or None when none came in time."""
        with suppress(Empty):
            return self.messages.get(timeout=seconds)
        return None

    def stop(self, grace_seconds: float) -> None:
        """Ask the child to end, and kill it when it has not after `grace_seconds`; twice is no error.

        One that its template has yet to make ends as soon as it is made.
        """
        self.order(kind="stop")
        if self.wait(grace_seconds) is None and self._kill():
            self._has_ended.wait()
        with suppress(OSError):
            self._orders.close()
        self._listener.join(_LISTENER_SECONDS)

    def _kill(self) -> bool:
        """Returns: whether there is a process."""
        with self._reaping:
            if self._pid is not None and self._status is None:
                os.kill(self._pid, signal.SIGKILL)
        return self._pid is not None

    def _listen(self, listening: int) -> None:
        try:
            with os.fdopen(listening) as lines:
                for line in lines:
                    if line.endswith("\n"):  # the last one of a process that is killed may be cut off
                        self._hear(json.loads(line))
        finally:
            self._reap()
            self._has_ended.set()

    def _hear(self, message: dict[str, Any]) -> None:
        if "pid" in message:
            self._pid = message["pid"]
            return
        self.messages.put(message)
        if self._on_ready is not None and message.get("event") == "ready":
            self._on_ready(message)

    def _reap(self) -> None:
        status = UNKNOWN_STATUS
        with suppress(ChildProcessError):
            if self._pid is not None:
                os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
        with self._reaping, suppress(ChildProcessError):
            # From here on the number may be given to another process.
            if self._pid is not None:
                status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            self._status = status

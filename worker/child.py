"""A child process that trains or predicts: warm before it is needed, told what to do by lines of JSON."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, Queue
from typing import Any

COMMAND = (sys.executable, "-m", "worker.run")

_LISTENER_SECONDS = 1.0


class Child:
    """A process of `python -m worker.run`.

    Its standard input carries orders, and its end tells the child that the worker is gone; its standard
    output carries messages, the first of which says that torch and the engine are imported. What it writes to
    standard error goes to the worker's.

    Args:
        environment: added to that of this process.
        on_ready: told, in a thread of its own, what the first message says, such as the device.
    """

    def __init__(
        self, environment: Mapping[str, str], on_ready: Callable[[dict[str, Any]], None] | None = None
    ) -> None:
        self.environment = dict(environment)
        self._on_ready = on_ready
        self.messages: Queue[dict[str, Any]] = Queue()
        self._process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, name=f"child-{self.pid}", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def order(self, **order: Any) -> None:
        """Tell the child what to do; one that has died is found by its status."""
        assert self._process.stdin is not None
        if self._process.stdin.closed:
            return
        with suppress(OSError):
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()

    def wait(self, seconds: float) -> int | None:
        """Wait for the end for so long at most. Returns the exit status, or None."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def receive(self, seconds: float) -> dict[str, Any] | None:
        """The next message, or None when none came in time."""
        with suppress(Empty):
            return self.messages.get(timeout=seconds)
        return None

    def stop(self, grace_seconds: float) -> None:
        """Ask the child to end, and kill it when it has not after `grace_seconds`; twice is no error."""
        self.order(kind="stop")
        if self.wait(grace_seconds) is None:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        self._listener.join(_LISTENER_SECONDS)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                message = json.loads(line)
                self.messages.put(message)
                if self._on_ready is not None and message.get("event") == "ready":
                    self._on_ready(message)

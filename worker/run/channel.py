"""The two pipes between a child and its worker: orders come in, messages go out."""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

STOPPED_STATUS = 3
"""Exit status of a child that ended because it was told to, or because its worker is gone."""


class Channel:
    """Takes over standard input and output, so that nothing that is printed mixes with messages.

    What is printed from now on goes to standard error.
    """

    def __init__(self) -> None:
        self._messages = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
        self._orders = os.fdopen(os.dup(sys.stdin.fileno()), "rb", buffering=0)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self._queue: Queue[dict[str, Any]] = Queue()
        self._before_exit: Callable[[], None] | None = None
        self._yields = threading.Event()

    def start(self) -> None:
        """Begin to listen, in a thread of its own."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()

    def send(self, **message: Any) -> None:
        """Tell the worker something."""
        self._messages.write(json.dumps(message) + "\n")

    def orders(self) -> Iterator[dict[str, Any]]:
        """The orders as they come, but for `stop`, which ends the process, and `yield`."""
        while True:
            yield self._queue.get()

    def must_yield(self) -> bool:
        """Whether the worker shuts down and wants its job back after this batch."""
        return self._yields.is_set()

    def before_exit(self, act: Callable[[], None]) -> None:
        """What to do, in a fraction of a second, when the worker says stop."""
        self._before_exit = act

    def _listen(self) -> None:
        for line in self._orders:
            order = json.loads(line)
            if order["kind"] == "yield":
                self._yields.set()
                continue
            if order["kind"] != "stop":
                self._queue.put(order)
                continue
            try:
                if self._before_exit is not None:
                    self._before_exit()
            finally:
                os._exit(STOPPED_STATUS)
        os._exit(STOPPED_STATUS)

"""Encoded answers kept for the next caller: what a cursor shows never changes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

MAX_BYTES: Final = 64 * 1024**2


class AnswerCache:
    """The most recently used answers, up to a number of bytes.

    Args: max_bytes: of all bodies together; a body over a quarter of it is not kept.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bodies: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> bytes | None:
        """The body kept under a key."""
        with self._lock:
            body = self._bodies.get(key)
            if body is not None:
                self._bodies.move_to_end(key)
            return body

    def keep(self, key: Hashable, body: bytes) -> None:
        """Keep a body, and forget the longest unused ones for it."""
        if len(body) > self._max_bytes // 4:
            return
        with self._lock:
            self._bytes += len(body) - len(self._bodies.pop(key, b""))
            self._bodies[key] = body
            while self._bytes > self._max_bytes:
                _, forgotten = self._bodies.popitem(last=False)
                self._bytes -= len(forgotten)

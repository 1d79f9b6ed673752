"""The process of which each child is a copy: importing torch and the engine takes seconds, a copy a moment."""

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

COMMAND: Final = (sys.executable, "-m", "worker.run.template")

SET_CHILD_SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
_ONE_THREAD: Final = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""A process of several threads cannot be copied: the copy would wait for locks that the others held."""


class Template:
    """A process of `python -m worker.run.template`; its copies become children of this process.

    It ends when its socket does, and with that when the worker is gone.

    Args:
        environment: added to that of this process, for the template and its copies.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        _adopt_orphans()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [*COMMAND, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **_ONE_THREAD, **environment},
            )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it can make copies."""
        return self._process.poll() is None

    def copy(self, orders: int, messages: int) -> None:
        """Ask for a copy, which is made as soon as everything is imported; its number is its first message.

        Args:
            orders, messages: descriptors of its pipes. Those of a template that has died are closed, and no copy is
                made.
        """
        with suppress(OSError):
            socket.send_fds(self._control, [b"+"], [orders, messages])

    def close(self, grace_seconds: float) -> None:
        """End it after the copies that it was asked for, or after so long; what was copied lives on."""
        self._control.close()
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _adopt_orphans() -> None:
    """Become the parent of copies, whose first parent ends at once.

    Raises:
        OSError: the system knows of no such thing; Linux does.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl(PRSET_CHILD_SUBREAPER): {os.strerror(error)}")

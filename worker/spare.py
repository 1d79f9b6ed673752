"""One child kept warm, so that a job starts without waiting for torch or for the device."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from worker.child import Child
from worker.template import Template

_BREATH_SECONDS = 1.0
"""What a child does to be warm would take the cores from the run that is just starting."""
_CLOSE_SECONDS = 0.5
_IMPORT_SECONDS = 60.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Spare:
    """Keeps one child in reserve, and the template that children are made from.

    Args:
        environment: gives the environment that a child needs now; spare and template of another one are replaced.
        on_ready: told what the first message of each child says, such as the device.
    """

    def __init__(
        self, environment: Callable[[], Mapping[str, str]], on_ready: Callable[[dict[str, Any]], None]
    ) -> None:
        self._environment = environment
        self._on_ready = on_ready
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._template: Template | None = None
        self._is_closed = False
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._next_start = 0.0

    def take(self) -> Child:
        """The warm child; the caller must end it. Another takes its place a moment later."""
        with self._lock:
            child = self._usable() or self._start()
            self._child = None
            self._next_start = time.monotonic() + _BREATH_SECONDS
            return child

    def maintain(self) -> None:
        """See that there is a living spare; one that fails to start is tried again later and later."""
        with self._lock:
            if self._is_closed or self._usable() is not None or time.monotonic() < self._next_start:
                return
            child = self._child
            if child is not None:
                _log.error("a spare child ended with status %s before it was used", child.status)
                child.stop(grace_seconds=0)
                self._next_start = time.monotonic() + self._pause_seconds
                self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
            self._child = self._start()

    def close(self) -> None:
        """End the spare and the template, and start no others."""
        with self._lock:
            self._is_closed = True
            if self._child is not None:
                self._child.stop(_CLOSE_SECONDS)
                self._child = None
            if self._template is not None:
                self._template.close(_CLOSE_SECONDS)
                self._template = None

    def _start(self) -> Child:
        return Child(self._find_template(), self._welcome)

    def _find_template(self) -> Template:
        environment, template = self._environment(), self._template
        if template is not None and (template.environment != environment or not template.is_alive):
            # Copies that it was asked for and has yet to make belong to jobs.
            threading.Thread(target=template.close, args=[_IMPORT_SECONDS], daemon=True).start()
            template = None
        self._template = template or Template(environment)
        return self._template

    def _welcome(self, message: dict[str, Any]) -> None:
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._on_ready(message)

    def _usable(self) -> Child | None:
        """The spare, if it lives and has the environment that is needed now."""
        child = self._child
        if child is None or child.status is not None:
            return None
        if child.environment != self._environment():
            child.stop(grace_seconds=_CLOSE_SECONDS)
            self._child = None
            return None
        return child

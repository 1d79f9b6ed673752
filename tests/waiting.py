"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import Any

DEADLINE_SECONDS = 60.0


def wait_until(holds: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """Wait until something is true and return it."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:g} seconds"
        time.sleep(0.02)
    return found

"""`python -m core.embedded.reaper`: stops the process groups it was told of when its parent dies."""

import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

_GRACE_SECONDS: Final = 6.0
_POLL_SECONDS: Final = 0.05


def main() -> None:
    """Read `+group` and `-group` lines until the pipe ends, then stop the groups that are left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = _read_groups(sys.stdin)
    _signal(groups, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while list(_living(groups)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    _signal(groups, signal.SIGKILL)


def _read_groups(lines: Iterable[str]) -> set[int]:
    groups: set[int] = set()
    for line in lines:
        change = groups.add if line[0] == "+" else groups.discard
        change(int(line[1:]))
    return groups


def _living(groups: Iterable[int]) -> Iterator[int]:
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, 0)
            yield group


def _signal(groups: Iterable[int], number: signal.Signals) -> None:
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, number)


if __name__ == "__main__":
    main()

"""Work on a file in a process of its own, for libraries that can hang or crash on damage.

The HDF5 library is one of them: a few changed bytes make it loop for ever inside C code, where no timeout of
this process reaches it, and with it everything else that uses HDF5 here.
"""

import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

READ_SECONDS: Final = 30.0
BYTES_PER_SECOND: Final = 20_000_000
_LAST_RESORT_SECONDS: Final = 5


class IsolationError(RuntimeError):
    """The process hung or crashed; the words say which."""


def read_apart(module: str, path: Path, order: Mapping[str, Any], seconds: float = READ_SECONDS) -> Any:
    """Let `python -m module` read a file, and end it when it takes too long.

    Args:
        module: calls `answer_order`.
        path: the file; given to it as `order["path"]`.
        order: what else it must know, as plain JSON data.
        seconds: for a small file; one second more for each `BYTES_PER_SECOND` bytes.

    Returns:
        What it answered.

    Raises:
        IsolationError: it hung or crashed.
    """
    seconds += path.stat().st_size / BYTES_PER_SECOND
    text = json.dumps({**order, "path": str(path.absolute()), "seconds": seconds})
    command = [sys.executable, "-m", module]
    try:
        ended = subprocess.run(command, input=text, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise IsolationError(f"reading it did not end within {seconds:.0f} seconds") from None
    if ended.returncode != 0:
        words = ended.stderr.strip().splitlines() or [f"its reader ended with status {ended.returncode}"]
        raise IsolationError(words[-1][:300])
    return json.loads(ended.stdout)


def answer_order(act: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The other side: read the order from standard input, and write what `act` says to standard output."""
    order = json.load(sys.stdin)
    # Whoever gave the order may be killed before it can end this process; C code cannot hold this signal off.
    signal.alarm(math.ceil(order["seconds"]) + _LAST_RESORT_SECONDS)
    json.dump(act(order), sys.stdout)

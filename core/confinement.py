"""What a process gives up before it looks at bytes from strangers: memory, time, files and the network."""

import ctypes
import math
import os
import resource
import signal
import sys
from typing import Any, Final

_LAST_RESORT_SECONDS: Final = 5
_NEW_USERS: Final = 0x10000000
_NEW_NETWORK: Final = 0x40000000
# First words of Python's audit events for what no reader of files does.
_REFUSED_EVENTS: Final = (
    "socket.", "ssl.", "urllib.", "http.", "ftplib.", "smtplib.", "subprocess.", "os.system", "os.exec",
    "os.fork", "os.posix_spawn", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink",
    "os.chmod", "os.chown", "os.truncate", "os.kill", "pty.", "shutil.", "tempfile.", "ctypes.dlopen",
    "pickle.find_class",
)  # fmt: skip
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def confine(seconds: float, memory_bytes: int) -> None:
    """Give up, for the rest of this process, what reading a file does not need.

    - Processor time of `seconds`, and a little longer by the clock, in case nobody is left to end it.
    - Memory: `memory_bytes` above what it has now (Linux; other systems do not count it).
    - Files: none can grow, and Python opens none for writing.
    - The network: none at all where the system permits namespaces (Linux as root, or with user namespaces);
      elsewhere Python refuses to make a connection, which holds for Python code and not for C code.
    """
    signal.alarm(math.ceil(seconds) + _LAST_RESORT_SECONDS)
    _limit(resource.RLIMIT_CPU, math.ceil(seconds), grace=1)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    taken = _count_data_bytes()
    if taken is not None:
        _limit(resource.RLIMIT_DATA, taken + memory_bytes)
    leave_network()
    sys.addaudithook(_refuse)


def leave_network() -> bool:
    """Move to a network of one's own, with nothing in it; False where the system does not permit it."""
    if sys.platform != "linux":
        return False
    unshare = ctypes.CDLL(None).unshare
    return any(unshare(flags) == 0 for flags in (_NEW_NETWORK, _NEW_USERS | _NEW_NETWORK))


def _limit(kind: int, value: int, grace: int = 0) -> None:
    """Lower a limit for good, `grace` above it; never above what the process was given."""
    _, hard = resource.getrlimit(kind)
    highest = value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)
    resource.setrlimit(kind, (min(value, highest), highest))


def _count_data_bytes() -> int | None:
    """What `RLIMIT_DATA` counts of this process; None where the system does not tell."""
    try:
        with open("/proc/self/status") as file:
            sizes = [line.split()[1] for line in file if line.startswith("VmData:")]
    except OSError:
        return None
    return int(sizes[0]) * 1024


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578): nothing that it raises on is done."""
    if event == "open":
        is_refused = isinstance(arguments[2], int) and bool(arguments[2] & _WRITING)
    else:
        is_refused = event.startswith(_REFUSED_EVENTS)
    if is_refused:
        raise PermissionError(f"a process that reads files of strangers must not do this: {event}")

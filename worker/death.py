"""Why a child ended that did not say so itself, in words."""

import signal
from pathlib import Path
from typing import Any

PROCESS = Path("/proc/self")
CONTROL_GROUPS = Path("/sys/fs/cgroup")


def count_memory_kills(process: Path = PROCESS, control_groups: Path = CONTROL_GROUPS) -> int:
    """How many processes of this one's control group the kernel has killed for want of memory; 0 where unknown.

    Args:
        process: tells the group in its file `cgroup`, in the line of version 2 (cgroups(7)).
        control_groups: where the groups are mounted.
    """
    try:
        groups = (process / "cgroup").read_text().splitlines()
        own = next((line.removeprefix("0::/") for line in groups if line.startswith("0::/")), "")
        lines = (control_groups / own / "memory.events").read_text().splitlines()
    except OSError:
        return 0
    counts = dict(line.split() for line in lines if len(line.split()) == 2)
    return int(counts.get("oom_kill", 0))


def describe_death(status: int, memory_kills: int) -> dict[str, Any]:
    """The error of a job whose child ended with this status.

    Args:
        status: exit status, negative for a signal.
        memory_kills: processes that the kernel killed for want of memory while the child ran.
    """
    if status >= 0:
        return {
            "type": "run-crashed",
            "title": "The training process ended without a word",
            "detail": f"It ended with exit status {status}; the worker's log holds what it wrote last.",
        }
    name = signal.Signals(-status).name
    if memory_kills:
        return {
            "type": "out-of-memory",
            "title": "The training ran out of memory",
            "detail": f"The kernel killed it with {name} for want of memory. A smaller batch_size or model, "
            "or a machine with more memory, will help.",
        }
    if -status == signal.SIGKILL:
        hint = " So a system ends a process that takes more memory than there is: try a smaller batch_size."
        return _killed(name, hint)
    return _killed(name, "")


def _killed(name: str, hint: str) -> dict[str, Any]:
    return {
        "type": "run-killed",
        "title": "The training process was killed",
        "detail": f"It was ended by the signal {name}.{hint}",
    }

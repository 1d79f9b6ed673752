import signal
from pathlib import Path

import pytest

from worker.death import count_memory_kills, describe_death, is_worth_another_attempt


def test_the_signal_is_named_and_a_kill_hints_at_memory() -> None:
    killed = describe_death(-signal.SIGKILL, memory_kills=0)
    assert "SIGKILL" in killed["detail"]
    assert "memory" in killed["detail"]
    crashed = describe_death(-signal.SIGSEGV, memory_kills=0)
    assert "SIGSEGV" in crashed["detail"]
    assert "memory" not in crashed["detail"]


def test_want_of_memory_is_told_where_the_kernel_counts_it(tmp_path: Path) -> None:
    events = tmp_path / "memory.events"
    events.write_text("low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\n")
    assert count_memory_kills(events) == 2
    assert count_memory_kills(tmp_path / "none") == 0
    assert describe_death(-signal.SIGKILL, memory_kills=1)["type"] == "out-of-memory"


def test_an_exit_status_is_told() -> None:
    assert "status 7" in describe_death(7, memory_kills=0)["detail"]


@pytest.mark.parametrize(
    ("status", "memory_kills", "earlier_losses", "advanced", "again"),
    [
        (-signal.SIGKILL, 0, 0, False, True),
        (-signal.SIGKILL, 0, 1, False, False),
        (-signal.SIGKILL, 0, 3, True, True),
        (-signal.SIGKILL, 1, 0, True, False),
        (-signal.SIGTERM, 0, 0, False, True),
        (-signal.SIGSEGV, 0, 0, True, False),
        (-signal.SIGABRT, 0, 0, True, False),
        (1, 0, 0, True, False),
    ],
)
def test_only_what_came_from_outside_is_tried_again(
    status: int, memory_kills: int, earlier_losses: int, advanced: bool, again: bool
) -> None:
    assert is_worth_another_attempt(status, memory_kills, earlier_losses, advanced) is again

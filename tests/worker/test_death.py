import signal
from pathlib import Path

from worker.death import count_memory_kills, describe_death


def test_the_signal_is_named_and_a_kill_hints_at_memory() -> None:
    killed = describe_death(-signal.SIGKILL, memory_kills=0)
    assert "SIGKILL" in killed["detail"]
    assert "memory" in killed["detail"]
    crashed = describe_death(-signal.SIGSEGV, memory_kills=0)
    assert "SIGSEGV" in crashed["detail"]
    assert "memory" not in crashed["detail"]


def test_want_of_memory_is_told_where_the_kernel_counts_it(tmp_path: Path) -> None:
    process, groups = tmp_path / "process", tmp_path / "groups"
    assert count_memory_kills(process, groups) == 0
    process.mkdir()
    (process / "cgroup").write_text("1:name=systemd:/\n0::/system.slice/kerasd.service\n")
    assert count_memory_kills(process, groups) == 0
    events = groups / "system.slice" / "kerasd.service" / "memory.events"
    events.parent.mkdir(parents=True)
    events.write_text("low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\n")
    assert count_memory_kills(process, groups) == 2
    (process / "cgroup").write_text("0::/\n")
    (groups / "memory.events").write_text("oom_kill 1\n")
    assert count_memory_kills(process, groups) == 1


def test_want_of_memory_is_told_by_the_signal() -> None:
    assert describe_death(-signal.SIGKILL, memory_kills=1)["type"] == "out-of-memory"


def test_an_exit_status_is_told() -> None:
    assert "status 7" in describe_death(7, memory_kills=0)["detail"]

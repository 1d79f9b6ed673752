import pytest

from worker.threads import thread_environment


@pytest.mark.parametrize(("slots", "cores", "threads"), [(1, 8, "8"), (2, 8, "4"), (3, 8, "2"), (4, 2, "1")])
def test_runs_share_the_cores(slots: int, cores: int, threads: str) -> None:
    environment = thread_environment(slots, cores)
    assert environment["OMP_NUM_THREADS"] == environment["MKL_NUM_THREADS"] == threads


def test_threads_that_were_set_are_given() -> None:
    assert thread_environment(3, 8, threads=6)["OMP_NUM_THREADS"] == "6"


def test_threads_of_a_run_spin_only_where_it_is_alone() -> None:
    assert "OMP_WAIT_POLICY" not in thread_environment(1, 4)
    assert thread_environment(2, 4)["OMP_WAIT_POLICY"] == "passive"

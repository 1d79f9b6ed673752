"""How many threads a run gets, and how they wait: told in the environment, before torch is imported."""

import os


def thread_environment(slots: int, cores: int | None = None, threads: int | None = None) -> dict[str, str]:
    """The environment of a run on a machine where `slots` runs may train at once.

    The share of a run does not follow the number of runs at this moment: another number of threads sums in
    another order, and a job that is resumed must end with the same weights, bit for bit. Threads that spin
    while they wait take the cores from other runs: two runs on two cores slow each other thirty-fold.

    Args:
        slots: runs at one time on this machine.
        cores: of this machine; None counts those that this process may use.
        threads: of a run; None gives it its share of the cores.
    """
    available = cores or len(os.sched_getaffinity(0))
    count = str(threads or max(1, available // slots))
    # A short spin costs a run that is alone almost nothing, and leaves cores to whatever else is at work.
    waiting = {"GOMP_SPINCOUNT": "1000"} if slots == 1 else {"OMP_WAIT_POLICY": "passive"}
    return {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count, **waiting}

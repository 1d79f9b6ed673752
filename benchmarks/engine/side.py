"""One side of a workload in a process of its own, which never imports the other.

    python -m benchmarks.engine.side WORKLOAD engine|torch|tf_keras|keras STEPS process_time|perf_counter [bfloat16]

Each line that it reads is a kind of work; it does it and prints the seconds. At the end of its input it prints its
peak of memory in MiB.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks.engine.peers import stand_in
from benchmarks.engine.workloads import WORKLOADS


def find_peak_mib() -> float:
    """Return the most memory that this process has held; getrusage would count its parent's in."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Do what is asked for until nothing more is."""
    name, side, steps, clock_name, *precision = sys.argv[1:]
    workload, clock = WORKLOADS[name], getattr(time, clock_name)
    if side not in ("engine", "torch"):
        stand_in(side)
        side = "engine"
    run = import_module(f"benchmarks.engine.with_{side}.runs").Run(
        workload, workload.make_data(workload.batch_size * int(steps)), *precision
    )
    answers, sys.stdout = sys.stdout, sys.stderr  # libraries print, too
    for line in sys.stdin:
        work = getattr(run, line.strip())
        begin = clock()
        work()
        print(clock() - begin, file=answers, flush=True)
    print(find_peak_mib(), file=answers, flush=True)


if __name__ == "__main__":
    main()

"""One side alone in a fresh process: says when the first epoch is done, then how much memory was needed.

    python -m benchmarks.engine.first_epoch WORKLOAD engine|torch STEPS

The other side is never imported.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.engine.workloads import WORKLOADS


def find_peak_mib() -> float:
    """Return the most memory that this process has held; getrusage would count its parent's in."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Run an epoch, say so, go on for another one and a prediction, and print the peak in MiB."""
    name, side, steps = sys.argv[1:]
    workload = WORKLOADS[name]
    run = import_module(f"benchmarks.engine.with_{side}.runs").Run(
        workload, workload.make_data(workload.batch_size * int(steps))
    )
    work = [getattr(run, kind) for kind in workload.measures]
    work[0]()
    print("done", flush=True)
    for repeat in work:
        repeat()
    print(find_peak_mib(), flush=True)


if __name__ == "__main__":
    main()

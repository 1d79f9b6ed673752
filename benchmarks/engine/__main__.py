"""The engine against plain PyTorch, workload by workload.

    python -m benchmarks.engine [--only NAME] [--quick] [--threads N] [--cpu-time]

Prints a table and, where all workloads were measured in full, writes it to benchmarks/RESULTS.md.
"""

from __future__ import annotations

import argparse
import os
import time

import torch

from benchmarks.engine.measuring import Pair, Row, measure_fresh, time_in_turns
from benchmarks.engine.report import describe_machine, format_row, format_table, write_results
from benchmarks.engine.with_engine.runs import Run as EngineRun
from benchmarks.engine.with_torch.runs import Run as TorchRun
from benchmarks.engine.workloads import WORKLOADS, Workload

ROUNDS, QUICK_ROUNDS, QUICK_STEPS = 5, 3, 5


def measure(workload: Workload, rounds: int, steps: int, threads: int, by_cpu_time: bool) -> Row:
    """Measure one workload; generators by the clock on the wall always, since others work for them."""
    clock = time.process_time if by_cpu_time and workload.feed != "generator" else time.perf_counter
    data = workload.make_data(workload.batch_size * steps)
    own, plain = EngineRun(workload, data), TorchRun(workload, data)

    def time_kind(kind: str) -> Pair | None:
        if kind not in workload.measures:
            return None
        pair = time_in_turns(getattr(own, kind), getattr(plain, kind), rounds, clock)
        return Pair(pair.engine * 1000 / steps, pair.torch * 1000 / steps)

    return Row(workload, time_kind("fit"), time_kind("predict"), *measure_fresh(workload, threads, steps))


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--only", metavar="NAME", choices=WORKLOADS, action="append", help="one workload")
    parser.add_argument(
        "--quick", action="store_true", help="few rounds of few batches; the figures are rough"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--cpu-time", action="store_true", help="time of the processor, for machines that others use too"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rounds = QUICK_ROUNDS if arguments.quick else ROUNDS
    machine = describe_machine(arguments.threads, rounds, arguments.cpu_time)
    print(machine, flush=True)
    rows = []
    for name in arguments.only or WORKLOADS:
        workload = WORKLOADS[name]
        steps = min(workload.steps, QUICK_STEPS) if arguments.quick else workload.steps
        rows.append(measure(workload, rounds, steps, arguments.threads, arguments.cpu_time))
        print(format_row(rows[-1]), flush=True)
    print("\n" + format_table(rows))
    if not arguments.only and not arguments.quick:
        write_results(rows, machine)


if __name__ == "__main__":
    main()

"""The engine against plain PyTorch or another library, workload by workload.

    python -m benchmarks.engine [--only NAME] [--quick] [--threads N] [--cpu-time]
                                [--mixed-precision bfloat16 | --peer NAME --python PATH]

Prints a table and, where all workloads were measured in full and in float32, writes it to the peer's file in
benchmarks/.
"""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks.engine.measuring import measure
from benchmarks.engine.peers import PEERS
from benchmarks.engine.report import describe_machine, format_row, format_table, write_results
from benchmarks.engine.workloads import WORKLOADS

ROUNDS, QUICK_ROUNDS, QUICK_STEPS = 15, 3, 5


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
    parser.add_argument(
        "--mixed-precision",
        choices=("bfloat16",),
        help="what both sides compute products and convolutions in",
    )
    parser.add_argument("--peer", choices=PEERS, default="torch", help="what the engine is measured against")
    parser.add_argument("--python", metavar="PATH", default=sys.executable, help="the peer's interpreter")
    arguments = parser.parse_args()
    if arguments.mixed_precision and arguments.peer != "torch":
        parser.error("--mixed-precision goes with the peer torch alone.")
    rounds = QUICK_ROUNDS if arguments.quick else ROUNDS
    machine = describe_machine(arguments.threads, rounds, arguments.cpu_time)
    print(machine, flush=True)
    rows = []
    for name in arguments.only or WORKLOADS:
        workload = WORKLOADS[name]
        steps = min(workload.steps, QUICK_STEPS) if arguments.quick else workload.steps
        how = (rounds, steps, arguments.threads, arguments.cpu_time)
        rows.append(measure(workload, *how, arguments.peer, arguments.python, arguments.mixed_precision))
        print(format_row(rows[-1]), flush=True)
    print("\n" + format_table(rows))
    if not (arguments.only or arguments.quick or arguments.mixed_precision):
        write_results(rows, machine, PEERS[arguments.peer])


if __name__ == "__main__":
    main()

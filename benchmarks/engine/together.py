"""Two trainings on one machine, together and one after the other, with the threads that workers give them.

    python -m benchmarks.engine.together [--only NAME] [--epochs N] [--rounds N]

Prints, for each workload, the seconds on the wall of both; what else the machine does counts too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

from benchmarks.engine.with_engine.runs import Run
from benchmarks.engine.workloads import WORKLOADS
from worker.threads import thread_environment

RUNS = 2
_CHILD = "--child"


class Training:
    """A process that has trained for an epoch and waits to be told to train for more.

    Args:
        name: of the workload.
        epochs: how many more.
        slots: how many runs the worker expects on this machine.
    """

    def __init__(self, name: str, epochs: int, slots: int) -> None:
        command = [sys.executable, "-m", "benchmarks.engine.together", _CHILD, name, str(epochs)]
        self._process = subprocess.Popen(
            command,
            env={**os.environ, **thread_environment(slots)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read()

    def _read(self) -> None:
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise SystemExit(f"A training ended with {self._process.wait()}; its error is above.")

    @property
    def is_waiting(self) -> bool:
        """Whether its process is there."""
        return self._process.poll() is None

    def start(self) -> None:
        """Let it train."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def finish(self) -> None:
        """Wait until it has trained, and end it."""
        self._read()
        self._process.communicate()


def time_together(name: str, epochs: int) -> float:
    """Return the seconds of all runs at once."""
    trainings = [Training(name, epochs, RUNS) for _ in range(RUNS)]
    begin = time.perf_counter()
    for training in trainings:
        training.start()
    for training in trainings:
        training.finish()
    return time.perf_counter() - begin


def time_in_sequence(name: str, epochs: int) -> float:
    """Return the seconds of the runs one after the other, each with the machine to itself."""
    seconds = 0.0
    for _ in range(RUNS):
        training = Training(name, epochs, 1)
        begin = time.perf_counter()
        training.start()
        training.finish()
        seconds += time.perf_counter() - begin
    return seconds


def train_when_told(name: str, epochs: int) -> None:
    """Be the process of a `Training`."""
    workload = WORKLOADS[name]
    run = Run(workload, workload.make_data(workload.batch_size * workload.steps))
    run.fit()
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(epochs):
        run.fit()
    print("done", flush=True)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--only", metavar="NAME", choices=WORKLOADS, action="append", help="one workload")
    parser.add_argument("--epochs", type=int, default=3, help="of each training")
    parser.add_argument("--rounds", type=int, default=3, help="how often both are measured")
    arguments = parser.parse_args()
    for name in arguments.only or ("small_mlp", "mlp", "lstm_sigmoid", "mnist_cnn"):
        pairs = [
            (time_in_sequence(name, arguments.epochs), time_together(name, arguments.epochs))
            for _ in range(arguments.rounds)
        ]
        after, together = (statistics.median(found) for found in zip(*pairs, strict=True))
        ratios = ", ".join(f"{other / one:.2f}" for one, other in pairs)
        print(
            f"{WORKLOADS[name].title}: one after the other {after:.2f} s, together {together:.2f} s ({ratios})"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == [_CHILD]:
        train_when_told(sys.argv[2], int(sys.argv[3]))
    else:
        main()

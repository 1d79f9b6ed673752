"""Both sides of a workload in fresh processes: how long each takes, by turns, and how much memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from benchmarks.engine.workloads import Workload

# Rounds that do not count: the engine goes over to flat graphs in them, and memory settles.
WARM_UP_ROUNDS = 2


@dataclass(frozen=True)
class Pair:
    """A figure of the engine and the same one of plain PyTorch."""

    engine: float
    torch: float

    @property
    def ratio(self) -> float:
        """The engine's share of plain PyTorch's figure; below 1 is better."""
        return self.engine / self.torch


@dataclass(frozen=True)
class Row:
    """What was measured of one workload: milliseconds a batch, seconds to the first epoch's end, MiB."""

    workload: Workload
    fit: Pair | None
    predict: Pair | None
    first_epoch: Pair
    memory: Pair


class Side:
    """A process that does one side's work.

    Args:
        workload: the row of the table.
        name: "engine" or "torch".
        steps: batches an epoch.
        threads: that compute in it.
        clock: the name of the clock in `time` that it reads.

    Attributes:
        first_epoch: seconds from the process's start to the end of the first epoch, by the clock on the wall.
    """

    def __init__(self, workload: Workload, name: str, steps: int, threads: int, clock: str) -> None:
        command = [sys.executable, "-m", "benchmarks.engine.side", workload.name, name, str(steps), clock]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self._steps = steps
        begin = time.perf_counter()
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.measure(workload.measures[0])
        self.first_epoch = time.perf_counter() - begin

    def measure(self, kind: str) -> float:
        """Do the work once and return the milliseconds a batch."""
        assert self._process.stdin is not None
        print(kind, file=self._process.stdin, flush=True)
        return self._read() * 1000 / self._steps

    def end(self) -> float:
        """End the process and return its peak of memory in MiB."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with self._process:
            return self._read()

    def _read(self) -> float:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self._process.args!r} ended with {self._process.wait()}; its error is above.")
        return float(answer)


def measure(workload: Workload, rounds: int, steps: int, threads: int, by_cpu_time: bool) -> Row:
    """Measure one workload; generators by the clock on the wall always, since others work for them."""
    clock = "process_time" if by_cpu_time and workload.feed != "generator" else "perf_counter"
    own, plain = (Side(workload, name, steps, threads, clock) for name in ("engine", "torch"))
    fit, predict = (
        _measure_in_turns(own, plain, kind, rounds) if kind in workload.measures else None
        for kind in ("fit", "predict")
    )
    first_epoch = Pair(own.first_epoch, plain.first_epoch)
    return Row(workload, fit, predict, first_epoch, Pair(own.end(), plain.end()))


def _measure_in_turns(own: Side, plain: Side, kind: str, rounds: int) -> Pair:
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UP_ROUNDS + rounds):
        for side, times in zip((own, plain), found, strict=True):
            taken = side.measure(kind)
            if number >= WARM_UP_ROUNDS:
                times.append(taken)
    return Pair(*map(statistics.median, found))

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


_PEERS_SETTINGS = {"KERAS_BACKEND": "torch", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}


@dataclass(frozen=True)
class Pair:
    """A figure of the engine and the same one of its peer."""

    engine: float
    peer: float

    @property
    def ratio(self) -> float:
        """The engine's share of the peer's figure; below 1 is better."""
        return self.engine / self.peer


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
        name: "engine", or a peer's.
        steps: batches an epoch.
        threads: that compute in it.
        clock: the name of the clock in `time` that it reads.
        python: the interpreter of its environment.
        precision: what products and convolutions compute in; None for float32.

    Attributes:
        first_epoch: seconds from the process's start to the end of the first epoch, by the clock on the wall.
    """

    def __init__(
        self,
        workload: Workload,
        name: str,
        steps: int,
        threads: int,
        clock: str,
        python: str = sys.executable,
        precision: str | None = None,
    ) -> None:
        command = [python, "-m", "benchmarks.engine.side", workload.name, name, str(steps), clock]
        command += [] if precision is None else [precision]
        environment = {**os.environ, **_PEERS_SETTINGS, "OMP_NUM_THREADS": str(threads)}
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


def measure(
    workload: Workload,
    rounds: int,
    steps: int,
    threads: int,
    by_cpu_time: bool,
    peer: str = "torch",
    python: str = sys.executable,
    precision: str | None = None,
) -> Row:
    """Measure one workload; generators by the clock on the wall always, since others work for them.

    Args:
        rounds, steps: that count, and batches in each.
        threads: of each side.
        by_cpu_time: read the processor's clock instead of the one on the wall.
        peer: what the engine is measured against, a name of `PEERS`.
        python: the peer's interpreter.
        precision: what both sides compute products and convolutions in; None for float32.
    """
    clock = "process_time" if by_cpu_time and workload.feed != "generator" else "perf_counter"
    own = Side(workload, "engine", steps, threads, clock, precision=precision)
    other = Side(workload, peer, steps, threads, clock, python, precision)
    fit, predict = (
        _measure_in_turns(own, other, kind, rounds) if kind in workload.measures else None
        for kind in ("fit", "predict")
    )
    first_epoch = Pair(own.first_epoch, other.first_epoch)
    return Row(workload, fit, predict, first_epoch, Pair(own.end(), other.end()))


def _measure_in_turns(own: Side, other: Side, kind: str, rounds: int) -> Pair:
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(WARM_UP_ROUNDS + rounds):
        for side, times in zip((own, other), found, strict=True):
            taken = side.measure(kind)
            if number >= WARM_UP_ROUNDS:
                times.append(taken)
    return Pair(*map(statistics.median, found))

"""Times of two sides taken in turns, and what a fresh process needs for its first epoch."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.engine.workloads import Workload

SIDES = ("engine", "torch")


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


def time_in_turns(
    engine: Callable[[], object], torch: Callable[[], object], rounds: int, clock: Callable[[], float]
) -> Pair:
    """Return the median seconds of both, run by turns after one run each that does not count."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for run, found in zip((engine, torch), seconds, strict=True):
            begin = clock()
            run()
            if number:
                found.append(clock() - begin)
    return Pair(*(statistics.median(found) for found in seconds))


def measure_fresh(workload: Workload, threads: int, steps: int) -> tuple[Pair, Pair]:
    """Return seconds from a process's start to the end of the first epoch, and MiB at most, of both sides."""
    found = [_run_child(workload.name, side, threads, steps) for side in SIDES]
    return Pair(*(seconds for seconds, _ in found)), Pair(*(memory for _, memory in found))


def _run_child(name: str, side: str, threads: int, steps: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.engine.first_epoch", name, side, str(steps)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    begin = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        seconds = time.perf_counter() - begin
        report = child.stdout.readline()
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}; its error is above.")
    return seconds, json.loads(report)

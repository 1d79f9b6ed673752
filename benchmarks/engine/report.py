"""The table of results in Markdown."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.engine.measuring import Pair, Row
from benchmarks.engine.peers import Peer

_KINDS = ("fit", "predict", "first_epoch", "memory")
_HEADER = """\
| workload | fit, ms a batch | ratio | predict, ms a batch | ratio | first epoch, s | ratio | peak MiB | ratio |
|---|---|---|---|---|---|---|---|---|"""


def describe_machine(threads: int, rounds: int, by_cpu_time: bool) -> str:
    """Return a line on the machine and on how it was measured."""
    clock = (
        "processor time (first epochs and generators: the clock on the wall)" if by_cpu_time else "wall time"
    )
    return (
        f"{_name_processor()}, threads: {threads}, Python {platform.python_version()}, torch {torch.__version__}; "
        f"medians of {rounds} rounds, both sides by turns, each in a process of its own; {clock}."
    )


def _name_processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _show(pair: Pair | None, digits: int) -> str:
    if pair is None:
        return "| |"
    return f"{pair.engine:.{digits}f} / {pair.peer:.{digits}f} | {pair.ratio:.2f} |"


def format_row(row: Row) -> str:
    """Return one line of the table."""
    cells = [_show(getattr(row, kind), digits) for kind, digits in zip(_KINDS, (2, 3, 2, 0), strict=True)]
    return f"| {row.workload.title}, batch {row.workload.batch_size} | " + " ".join(cells)


def _show_mean(pairs: Sequence[Pair | None]) -> str:
    ratios = [pair.ratio for pair in pairs if pair is not None]
    return f"| {statistics.geometric_mean(ratios):.2f} |" if ratios else "| |"


def format_table(rows: Sequence[Row]) -> str:
    """Return the table, closed by the geometric means of the ratios."""
    means = " ".join(_show_mean([getattr(row, kind) for row in rows]) for kind in _KINDS)
    return "\n".join([_HEADER, *map(format_row, rows), f"| geometric mean | {means}"])


def write_results(rows: Sequence[Row], machine: str, peer: Peer) -> None:
    """Write the peer's table."""
    peer.results.write_text(
        f"# The engine against {peer.title}\n\n"
        f"Each cell: the engine / {peer.title}; below 1 the engine is ahead.\n"
        "First epoch: from the start of a fresh process, imports included; peak: of that process.\n"
        "Machines are noisy: ratios that differ by less than about 1.3 times mean little.\n\n"
        f"{machine}\n\n{format_table(rows)}\n"
    )

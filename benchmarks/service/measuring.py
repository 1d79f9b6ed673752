"""What a row of the table holds, and how two servers are measured by turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from benchmarks.service.servers import Server
from benchmarks.service.traffic import Timing


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Args:
        title, database: what was measured.
        ours, bare: the figures in `unit`; `bare` is None where nothing compares.
        p95: of ours, where there are many.
        cpu_ours, cpu_bare: milliseconds of the server's processor a request.
        note: what else is to be said.
    """

    title: str
    database: str
    unit: str
    ours: float
    bare: float | None = None
    p95: float | None = None
    cpu_ours: float | None = None
    cpu_bare: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Args:
        rounds: by turns; the median counts.
        requests: a round and client.
        points: of the histories that are polled.
        jobs: in the list.
        trainings: jobs that are timed from their submission on; as many again at once.
        upload_mib: of the uploaded file.
        idle_seconds: for which the idle stack is watched.
        rest_share: of one core; a stack that takes less is at rest.
    """

    rounds: int = 5
    requests: int = 300
    points: tuple[int, ...] = (1_000, 10_000, 1_000_000)
    jobs: tuple[int, ...] = (100, 100_000)
    trainings: int = 7
    upload_mib: int = 1024
    idle_seconds: float = 20.0
    rest_share: float = 0.05


@dataclass
class Context:
    """What every measurement is given.

    Args:
        scale: how much.
        database: its kind, for the table.
        folder: of its own.
        url: of a new database for the whole stack.
        api, db_engine: the API alone, and its database for rows put in directly.
        bare, bare_engine: the bare application and its database.
    """

    scale: Scale
    database: str
    folder: Path
    url: str
    api: Server
    db_engine: Engine
    bare: Server
    bare_engine: Engine
    rows: list[Row] = field(default_factory=list)


Run = Callable[[], Timing]
Side = tuple[Server, Run]


@dataclass
class _Found:
    timings: list[Timing] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def run(self, side: Side) -> None:
        server, run = side
        before = server.cpu_seconds()
        self.timings.append(run())
        self.cpu_seconds += server.cpu_seconds() - before

    def latency(self) -> float:
        return 1000 * statistics.median(timing.median for timing in self.timings)

    def seconds_each(self) -> float:
        return 1000 * statistics.median(timing.seconds / len(timing.latencies) for timing in self.timings)

    def cpu_each(self) -> float:
        return 1000 * self.cpu_seconds / sum(len(timing.latencies) for timing in self.timings)

    def p95(self) -> float:
        return 1000 * find_p95([latency for timing in self.timings for latency in timing.latencies])


def compare(
    context: Context, title: str, ours: Side, bare: Side, *, clients: int = 1, by_cpu: bool = True
) -> Row:
    """Measure both sides by turns after one run each that does not count.

    One client's figure is the median latency; that of several the time a request, since they wait for each other.
    Processor time counts where a run does nothing but what is timed.
    """
    found = _Found(), _Found()
    for number in range(context.scale.rounds + 1):
        for side, into in zip((ours, bare), found, strict=True):
            if number:
                into.run(side)
            else:
                side[1]()
    figures = [each.latency() if clients == 1 else each.seconds_each() for each in found]
    cpu = [each.cpu_each() for each in found] if by_cpu else [None, None]
    return Row(title, context.database, "ms", *figures, found[0].p95(), *cpu)


def find_p95(values: Sequence[float]) -> float:
    """The value that a twentieth of all exceeds."""
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]

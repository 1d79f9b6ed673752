"""The table in Markdown."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import fastapi
import sqlalchemy

from benchmarks.service.measuring import Row

RESULTS = Path(__file__).parents[1] / "SERVICE.md"
HEADER = """\
| what | database | kerasd | p95 | bare | ratio | processor, ms: kerasd / bare | ratio | |
|---|---|---|---|---|---|---|---|---|"""
_TITLE = """\
# The service next to the bare limit

Made by `python -m benchmarks.service`. Bare: a FastAPI application with one SQLAlchemy statement a request and no
rules (`benchmarks/service/bare_app.py`), on the same kind of database with the same settings; for jobs one round
trip of a bare Celery task. Ratios below 1: the service is ahead. Processor: time of the serving process a request,
which tells more than the clock where a machine has other work too. Figures of one client are median latencies;
those of eight the time a request, all clients together.
"""


def describe_machine(rounds: int, absent: str | None) -> str:
    """A line on the machine and on how it was measured."""
    lines = [
        f"{platform.machine()}, Python {platform.python_version()}, FastAPI {fastapi.__version__}, "
        f"SQLAlchemy {sqlalchemy.__version__}, SQLite {sqlite3.sqlite_version}; "
        f"medians of {rounds} rounds, both sides by turns."
    ]
    if absent is not None:
        lines.append(f"PostgreSQL was not measured: {absent}")
    return "\n".join(lines)


def format_row(row: Row) -> str:
    """One line of the table."""
    processor = ""
    if row.cpu_ours is not None:
        processor = _number(row.cpu_ours) + ("" if row.cpu_bare is None else f" / {_number(row.cpu_bare)}")
    cells = [
        row.title,
        row.database,
        f"{_number(row.ours)} {row.unit}",
        "" if row.p95 is None else _number(row.p95),
        "" if row.bare is None else _number(row.bare),
        _ratio(row.ours, row.bare),
        processor,
        _ratio(row.cpu_ours, row.cpu_bare),
        row.note,
    ]
    return f"| {' | '.join(cells)} |"


def format_table(rows: Sequence[Row]) -> str:
    """The whole table."""
    return "\n".join([HEADER, *map(format_row, rows)])


def write_results(rows: Sequence[Row], machine: str) -> None:
    """Write `benchmarks/SERVICE.md`."""
    RESULTS.write_text(f"{_TITLE}\n{machine}\n\n{format_table(rows)}\n")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _ratio(ours: float | None, bare: float | None) -> str:
    return "" if not ours or not bare else f"{ours / bare:.2f}"

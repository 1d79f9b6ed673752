"""The service next to the bare limit, measured by turns.

    python -m benchmarks.service [--rows NAME ...] [--quick] [--rounds N] [--upload-mib 1024]
                                [--postgresql URL | --sqlite-only]

Prints a table and, where everything was measured in full, writes it to benchmarks/SERVICE.md.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.service.measuring import Context, Row, Scale
from benchmarks.service.report import describe_machine, format_row, format_table, write_results
from benchmarks.service.rows.ingest import measure_ingest
from benchmarks.service.rows.listing import measure_listing
from benchmarks.service.rows.polling import measure_polling
from benchmarks.service.rows.trainings import measure_stack
from benchmarks.service.rows.uploads import measure_uploads
from benchmarks.service.servers import find_refusal, new_database, serve_api, serve_bare

POSTGRESQL_URL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
QUICK = Scale(
    rounds=3,
    requests=100,
    points=(1_000, 10_000),
    jobs=(100, 10_000),
    trainings=3,
    upload_mib=32,
    idle_seconds=10.0,
)
MEASURES: dict[str, Callable[[Context], None]] = {
    "ingest": measure_ingest,
    "polling": measure_polling,
    "listing": measure_listing,
    "stack": measure_stack,
    "uploads": measure_uploads,
}


def measure(names: Sequence[str], scale: Scale, database: str, postgresql: str) -> list[Row]:
    """Measure rows by their names on one kind of database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kerasd-bench-")))
        urls = [stack.enter_context(new_database(database, folder, postgresql)) for _ in range(3)]
        api = stack.enter_context(serve_api(folder / "api", urls[0]))
        bare = stack.enter_context(serve_bare(folder / "bare", urls[1]))
        context = Context(scale, database, folder, urls[2], *api, *bare)
        for name in names:
            known = len(context.rows)
            MEASURES[name](context)
            for row in context.rows[known:]:
                print(format_row(row), flush=True)
        return context.rows


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", metavar="NAME", nargs="+", choices=MEASURES, help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="small and few; the figures are rough")
    parser.add_argument("--upload-mib", type=int, help="of the uploaded file")
    parser.add_argument("--rounds", type=int, help="by turns; the median counts")
    parser.add_argument("--sqlite-only", action="store_true")
    parser.add_argument(
        "--postgresql",
        metavar="URL",
        default=os.environ.get("KERASD_TEST_POSTGRESQL_URL", POSTGRESQL_URL),
        help="a server on which databases may be made and dropped",
    )
    arguments = parser.parse_args()
    # So that the servers end with it, and PostgreSQL keeps no database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))
    scale = QUICK if arguments.quick else Scale()
    if arguments.rounds:
        scale = replace(scale, rounds=arguments.rounds)
    if arguments.upload_mib:
        scale = replace(scale, upload_mib=arguments.upload_mib)
    absent = "--sqlite-only" if arguments.sqlite_only else find_refusal(arguments.postgresql)
    machine = describe_machine(scale.rounds, absent)
    print(machine, flush=True)
    rows: list[Row] = []
    for database in ("SQLite", "PostgreSQL") if absent is None else ("SQLite",):
        rows += measure(arguments.rows or list(MEASURES), scale, database, arguments.postgresql)
    print("\n" + format_table(rows))
    if not arguments.rows and not arguments.quick:
        write_results(rows, machine)


if __name__ == "__main__":
    main()

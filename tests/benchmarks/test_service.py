"""Every measurement of the service runs, at the smallest size, and its rows make the table."""

from __future__ import annotations

import pytest

from benchmarks.service.__main__ import MEASURES, POSTGRESQL_URL, measure
from benchmarks.service.measuring import Row, Scale, find_p95
from benchmarks.service.report import HEADER, format_row, format_table

TINY = Scale(
    rounds=1, requests=8, points=(20,), jobs=(60,), trainings=1, upload_mib=1, idle_seconds=0.5, rest_share=10
)


@pytest.mark.timeout(900)  # it starts the whole stack, and a busy machine takes minutes for that
def test_every_measurement_fills_its_rows() -> None:
    rows = measure(list(MEASURES), TINY, "SQLite", POSTGRESQL_URL)
    titles = [row.title for row in rows]
    assert len(set(titles)) == len(titles)
    assert all(row.ours > 0 for row in rows if "growth" not in row.title and "idle" not in row.title)
    compared = {row.title for row in rows if row.bare}
    assert {
        "post an epoch's metrics, 1 client",
        "post an epoch's metrics, 8 clients",
        "post 1,000 values at once",
        "history of 20 points, one new point by `since`",
        "of 60 jobs: newest 50",
        "upload of 1 MiB",
    } <= compared
    assert {"tiny job: submission to running", "tiny job: submission to done"} <= set(titles)
    table = format_table(rows).splitlines()
    assert len(table) == len(rows) + 2
    assert len({line.count("|") for line in table}) == 1


def test_a_row_shows_the_ratio_to_the_bare_limit() -> None:
    row = Row("a poll", "SQLite", "ms", 1.5, 1.0, p95=2.25, cpu_ours=0.5, cpu_bare=1.0, note="warm")
    assert format_row(row) == "| a poll | SQLite | 1.5 ms | 2.25 | 1 | 1.50 | 0.5 / 1 | 0.50 | warm |"
    assert format_row(row).count("|") == HEADER.splitlines()[0].count("|")


def test_the_95th_percentile_leaves_a_twentieth_above() -> None:
    assert find_p95(range(100)) == 95
    assert find_p95([3.0]) == 3.0

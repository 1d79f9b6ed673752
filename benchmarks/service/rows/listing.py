"""Lists of jobs, and one job, among few and among very many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, insert

from benchmarks.service.bare_app import JOBS
from benchmarks.service.measuring import Context, Side, compare
from benchmarks.service.servers import Server, analyze
from benchmarks.service.traffic import time_requests
from core.database import utc_now
from core.tables import Job

ROWS_A_STATEMENT = 10_000
EVERY_RARE = 1000
PAGE = 50
SPEC = {
    "compile": {"optimizer": {"class_name": "Adam", "config": {"lr": 0.001}}, "loss": "mse"},
    "fit": {"epochs": 5, "batch_size": 32, "validation_split": 0.2, "shuffle": True},
    "data": {"x": "x", "y": "y"},
    "callbacks": [],
}
LAST = {"loss": 0.21, "acc": 0.94, "val_loss": 0.25, "val_acc": 0.93}


def measure_listing(context: Context) -> None:
    """The first page, pages of a rare state and a rare tag, and one job; the rows are put in directly."""
    filled = 0
    for jobs in context.scale.jobs:
        _fill(context.db_engine, Job, _make_job, filled, jobs)
        _fill(context.bare_engine, JOBS, _make_bare_job, filled, jobs)
        filled = jobs
        middle = _name_job(jobs // 2)
        bare_list = _ask(context.bare, f"/jobs?limit={PAGE}", context)
        for title, path, bare in (
            (f"newest {PAGE}", f"/v1/jobs?limit={PAGE}", bare_list),
            (f"{PAGE} in the middle", f"/v1/jobs?limit={PAGE}&after={middle}", bare_list),
            ("a rare state", f"/v1/jobs?limit={PAGE}&state=failed", bare_list),
            ("a rare tag", f"/v1/jobs?limit={PAGE}&tag=rare", bare_list),
            ("one job", f"/v1/jobs/{middle}", _ask(context.bare, f"/jobs/{middle}", context)),
        ):
            ours = _ask(context.api, path, context)
            context.rows.append(compare(context, f"of {jobs:,} jobs: {title}", ours, bare))


def _ask(server: Server, path: str, context: Context) -> Side:
    connection = server.connect()
    request = connection.encode("GET", path)
    return server, lambda: time_requests([connection], lambda _: [request] * context.scale.requests)


def _name_job(number: int) -> str:
    return f"job_{number:026d}"


def _make_job(number: int) -> dict[str, Any]:
    at = utc_now()
    times = {"created_at": at, "queued_at": at, "started_at": at, "finished_at": at}
    tags = ["demo", "rare"] if number % EVERY_RARE == 0 else ["demo"]
    return {**_make_bare_job(number), "tags": tags, **times}


def _make_bare_job(number: int) -> dict[str, Any]:
    state = "failed" if number % EVERY_RARE == 0 else "succeeded"
    facts = {"name": "a job", "state": state, "spec": SPEC, "last_metrics": LAST, "epoch": 5, "epochs": 5}
    return {"id": _name_job(number), **facts}


def _fill(db_engine: Engine, table: Any, make: Callable[[int], dict[str, Any]], begin: int, end: int) -> None:
    with db_engine.begin() as connection:
        for first in range(begin, end, ROWS_A_STATEMENT):
            rows = [make(number) for number in range(first, min(end, first + ROWS_A_STATEMENT))]
            connection.execute(insert(table), rows)
    analyze(db_engine)

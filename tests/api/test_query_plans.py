"""What is asked for often is found by an index: no plan of such a query reads a whole table."""

import itertools
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from api.deps import ProjectDatabase
from api.events.service import read_batch
from api.jobs.reading import find_queue_positions, list_jobs, read_job
from api.metrics.repository import read_points, read_standing
from api.pagination import PageRequest
from core import migrate
from core.database import create_db_engine, session_scope, utc_now
from core.identifiers import new_id
from core.jobs import lease, transitions
from core.jobs.expiry import has_expired_jobs
from core.jobs.metrics import MetricPoint
from core.jobs.recording import lock, record
from core.jobs.states import JobState
from core.jobs.waiting import waiting_ids
from core.tables import DEFAULT_PROJECT_ID, Job

LARGE = {"jobs", "job_tags", "metrics", "events", "attempts"}
POINTS = [MetricPoint("epoch", step, step, {"loss": 0.5, "acc": 0.5}, 0.0) for step in range(3)]
POINTS += [MetricPoint("batch", step, 0, {"loss": 0.5}, 0.0) for step in range(20)]


@pytest.fixture(params=["sqlite", "postgresql"])
def db_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'kerasd.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    migrate.upgrade(url)
    db_engine = create_db_engine(url)
    yield db_engine
    db_engine.dispose()


@pytest.fixture
def job_ids(db_engine: Engine) -> list[str]:
    with session_scope(db_engine) as session:
        return [transitions.create(session, Job(id=new_id("job"), name="a", epochs=3)).id for _ in range(5)]


def ask_everything(db_engine: Engine, job_ids: list[str]) -> None:
    """Do what clients, workers and the service itself do again and again."""
    with session_scope(db_engine) as session:
        waiting_ids(session.connection(), limit=1)
        claimed = lease.claim_next(session, "worker-1", 30.0)
        assert claimed is not None
        transitions.move(session, claimed.id, JobState.RUNNING, attempt=1)
    job_id = claimed.id
    for _ in range(2):  # the second time everything is stored already
        with db_engine.begin() as connection:
            record(connection, lock(connection, job_id), POINTS, 1)
    with session_scope(db_engine) as session:
        lease.renew(session, job_id, 1, 30.0)
        lease.sweep(session, lease.find_overdue(session, utc_now(), 30.0))
        has_expired_jobs(session, utc_now())
    read_batch(ProjectDatabase(db_engine, DEFAULT_PROJECT_ID), job_id, 1)
    with db_engine.connect() as connection:
        read_standing(connection, DEFAULT_PROJECT_ID, job_id)
        read_job(connection, DEFAULT_PROJECT_ID, job_id)
        for since, names in ((0, None), (0, ["loss"]), (3, None), (3, ["loss"])):
            read_points(connection, job_id, since, "epoch", names)
        ask_lists(connection, job_ids)


def ask_lists(connection: Connection, job_ids: list[str]) -> None:
    states: list[list[JobState]] = [[], [JobState.FAILED], [JobState.QUEUED, JobState.RUNNING]]
    for after in (None, job_ids[2]):
        for choice, tag in itertools.product(states, (None, "a")):
            page = PageRequest(limit=2, after=after)
            jobs, _ = list_jobs(connection, DEFAULT_PROJECT_ID, page, choice, tag)
            find_queue_positions(connection, jobs)


def collect_statements(db_engine: Engine, act: Callable[[], None]) -> dict[str, Any]:
    """The statements of what an act asks, each with parameters of one time."""
    found: dict[str, Any] = {}

    def keep(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if re.match(r"SELECT|UPDATE|WITH", statement):
            found[statement] = parameters

    event.listen(db_engine, "before_cursor_execute", keep)
    act()
    event.remove(db_engine, "before_cursor_execute", keep)
    return found


def explain(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """The lines of a plan."""
    if connection.dialect.name == "postgresql":
        # Small tables are read as a whole by choice; with this, only where there is no other way.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return list(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
    return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def find_scans(connection: Connection, statement: str, parameters: Any) -> list[str]:
    """The large tables that a plan reads as a whole."""
    pattern = r".*Seq Scan on (\w+)" if connection.dialect.name == "postgresql" else r"SCAN (\w+)"
    plan = explain(connection, statement, parameters)
    return [found[1] for line in plan if (found := re.match(pattern, line)) and found[1] in LARGE]


def test_no_hot_query_reads_a_whole_table(db_engine: Engine, job_ids: list[str]) -> None:
    statements = collect_statements(db_engine, lambda: ask_everything(db_engine, job_ids))
    assert len(statements) > 20
    for statement, parameters in statements.items():
        with db_engine.begin() as connection:
            assert find_scans(connection, statement, parameters) == [], statement


def test_the_check_notices_a_scan(db_engine: Engine) -> None:
    with db_engine.begin() as connection:
        statement = "SELECT count(*) FROM jobs WHERE lower(name) = 'a'"
        assert find_scans(connection, statement, ()) == ["jobs"]


def test_stored_steps_are_looked_up_one_by_one(db_engine: Engine, job_ids: list[str]) -> None:
    many = [MetricPoint("batch", step, 0, {"loss": 0.5}, 0.0) for step in range(5000)]

    def fill() -> None:
        with db_engine.begin() as connection:
            record(connection, lock(connection, job_ids[0]), many)

    statements = collect_statements(db_engine, fill)
    (lookup,) = [each for each in statements if "unnest" in each or "json_each" in each]
    with db_engine.begin() as connection:
        plan = explain(connection, lookup, statements[lookup])
    assert any(re.search(r"(Index Cond|INDEX).*\bstep ?=", line) for line in plan), plan


def test_the_best_epoch_is_looked_up_in_its_own_index(db_engine: Engine, job_ids: list[str]) -> None:
    epochs = [
        MetricPoint("epoch", step, step, {"loss": 500.0 - step, "acc": 0.5}, 0.0) for step in range(500)
    ]
    epochs += [
        MetricPoint("epoch", step, step, {"val_loss": abs(step - 20) + 0.5}, 0.0) for step in range(10, 40)
    ]
    epochs += [MetricPoint("epoch", 40, 40, {"val_loss": math.nan}, 0.0)]
    with db_engine.begin() as connection:
        for job_id, points in zip(job_ids, (epochs, epochs[:500], epochs[-1:]), strict=False):
            record(connection, lock(connection, job_id), points)
    found: list[tuple[Any, ...]] = []

    def ask() -> None:
        with db_engine.connect() as connection:
            jobs = [read_job(connection, DEFAULT_PROJECT_ID, job_id) for job_id in job_ids[:3]]
        found.extend((job["best_name"], job["best_value"], job["best_epoch"]) for job in jobs)

    ((lookup, parameters),) = collect_statements(db_engine, ask).items()
    assert found == [("val_loss", 0.5, 20), ("loss", 1.0, 499), (None, None, None)]
    with db_engine.begin() as connection:
        plan = explain(connection, lookup, parameters)
    assert sum("ix_metrics_best" in line for line in plan) == 2, plan


def test_the_limit_of_a_page_stands_in_its_statement(db_engine: Engine, job_ids: list[str]) -> None:
    """PostgreSQL makes a plan for any limit for a tenth of all jobs."""

    def ask() -> None:
        with db_engine.connect() as connection:
            list_jobs(connection, DEFAULT_PROJECT_ID, PageRequest(limit=50, after=job_ids[2]), (), None)

    ((statement, parameters),) = collect_statements(db_engine, ask).items()
    assert statement.count("LIMIT 51") == 2
    assert 51 not in (parameters.values() if isinstance(parameters, dict) else parameters)


def test_the_newest_of_several_states_come_in_order(db_engine: Engine, job_ids: list[str]) -> None:
    with session_scope(db_engine) as session:
        for job_id in job_ids[:2]:
            transitions.move(session, job_id, JobState.CANCELLED)
    with db_engine.connect() as connection:
        both = [JobState.CANCELLED, JobState.QUEUED]
        first, has_more = list_jobs(
            connection, DEFAULT_PROJECT_ID, PageRequest(limit=4, after=None), both, None
        )
        assert ([row["id"] for row in first], has_more) == (job_ids[:0:-1], True)
        page = PageRequest(limit=4, after=first[-1]["id"])
        rest, has_more = list_jobs(connection, DEFAULT_PROJECT_ID, page, both, None)
        assert ([row["id"] for row in rest], has_more) == (job_ids[:1], False)
        places = find_queue_positions(connection, first)
        assert places == {job_id: place for place, job_id in enumerate(job_ids[2:], 1)}
        assert find_queue_positions(connection, first[:1]) == {job_ids[4]: 3}

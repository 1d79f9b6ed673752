"""Reports that come at one time share transactions, and what is wrong with one is nothing to the others."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from api.errors import ProblemError
from api.metrics.ingest import Ingest, Report
from core import migrate
from core.database import create_db_engine, session_scope
from core.identifiers import new_id
from core.jobs import transitions
from core.jobs.errors import JobNotFoundError, StaleAttemptError
from core.jobs.metrics import MetricPoint, read_since
from core.tables import DEFAULT_PROJECT_ID, Job

REPORTS = 40


@pytest.fixture(params=["sqlite", "postgresql"])
def db_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'kerasd.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    migrate.upgrade(url)
    db_engine = create_db_engine(url)
    yield db_engine
    db_engine.dispose()


def add_job(db_engine: Engine) -> str:
    with session_scope(db_engine) as session:
        return transitions.create(session, Job(id=new_id("job"), name="a", external=True, epochs=1)).id


def make_report(
    job_id: str, step: int, attempt: int | None = None, project: str = DEFAULT_PROJECT_ID
) -> Report:
    point = MetricPoint("epoch", step, None, {"loss": 1 / (step + 1)}, 1000.0)
    return Report(project, job_id, [point], attempt, lambda _: None)


def send(db_engine: Engine, reports: list[Report], told: list[str] | None = None) -> list[Any]:
    """Send all at once. Returns what each was answered; `told` gets the jobs that have changed."""

    async def run() -> list[Any]:
        ingest = Ingest(db_engine, ([] if told is None else told).append)
        try:
            return await asyncio.gather(*map(ingest.record, reports), return_exceptions=True)
        finally:
            ingest.close()

    return asyncio.run(run())


def count_commits(db_engine: Engine) -> list[None]:
    commits: list[None] = []
    event.listen(db_engine, "commit", lambda _: commits.append(None))
    return commits


def read_steps(db_engine: Engine, job_id: str) -> list[int]:
    with session_scope(db_engine, read_only=True) as session:
        return [point.step for point in read_since(session, job_id)]


def test_reports_that_come_at_one_time_share_a_transaction(db_engine: Engine) -> None:
    jobs = [add_job(db_engine) for _ in range(4)]
    commits = count_commits(db_engine)
    answers = send(db_engine, [make_report(jobs[step % 4], step) for step in range(REPORTS)])
    assert answers == [1] * REPORTS
    assert len(commits) == 1
    for number, job_id in enumerate(jobs):
        assert read_steps(db_engine, job_id) == list(range(number, REPORTS, 4))


def test_a_refused_report_leaves_the_others_alone(db_engine: Engine) -> None:
    job_id = add_job(db_engine)
    missing = new_id("job")
    reports = [
        make_report(job_id, 0),
        make_report(missing, 1),
        make_report(job_id, 2, attempt=7),
        make_report(job_id, 3, project="prj_of_others"),
        make_report(job_id, 4),
    ]
    told: list[str] = []
    answers = send(db_engine, reports, told)
    assert told == [job_id, job_id]
    assert [answers[0], answers[4]] == [1, 1]
    assert isinstance(answers[1], JobNotFoundError)
    assert isinstance(answers[2], StaleAttemptError)
    assert isinstance(answers[3], ProblemError)
    assert answers[3].status_code == 404
    assert read_steps(db_engine, job_id) == [0, 4]


def test_a_report_that_breaks_the_transaction_breaks_only_its_own(db_engine: Engine) -> None:
    job_id = add_job(db_engine)
    answers = send(db_engine, [make_report(job_id, step) for step in (0, 2**70, 2)])
    assert [answers[0], answers[2]] == [1, 1]
    assert isinstance(answers[1], Exception)
    assert read_steps(db_engine, job_id) == [0, 2]

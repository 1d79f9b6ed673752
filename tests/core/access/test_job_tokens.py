"""Tokens of runs: made at the claim, dead with the attempt."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from core.access.job_tokens import find_token_project, replace_token
from core.database import session_scope, utc_now
from core.jobs import lease, transitions
from core.jobs.states import JobState
from core.tables import DEFAULT_PROJECT_ID, Job

MOVES: dict[str, list[JobState]] = {
    "succeeded": [JobState.RUNNING, JobState.SUCCEEDED],
    "failed": [JobState.FAILED],
    "cancelled": [JobState.RUNNING, JobState.CANCELLED],
    "paused": [JobState.PAUSING, JobState.PAUSED],
    "given back": [JobState.QUEUED],
}


@pytest.fixture
def claim(db_engine: Engine, add_job: Callable[..., str]) -> Callable[[], tuple[str, str]]:
    """Gives a function that has a worker claim a new job. Returns: the job and its token."""

    def act() -> tuple[str, str]:
        job_id = add_job()
        with session_scope(db_engine) as session:
            job = lease.claim(session, job_id, "worker-1", 30)
            assert job is not None
            return job_id, replace_token(job)

    return act


def find(db_engine: Engine, job_id: str, token: str) -> str | None:
    with session_scope(db_engine, read_only=True) as session:
        return find_token_project(session, job_id, token)


@pytest.mark.parametrize("end", MOVES)
def test_a_token_dies_with_its_attempt(
    db_engine: Engine, claim: Callable[[], tuple[str, str]], end: str
) -> None:
    job_id, token = claim()
    for to in MOVES[end]:
        assert find(db_engine, job_id, token) == DEFAULT_PROJECT_ID
        with session_scope(db_engine) as session:
            transitions.move(session, job_id, to, attempt=1)
    assert find(db_engine, job_id, token) is None


def test_a_swept_job_takes_the_next_token_alone(
    db_engine: Engine, claim: Callable[[], tuple[str, str]]
) -> None:
    job_id, token = claim()
    with session_scope(db_engine) as session:
        lost = lease.find_overdue(session, utc_now() + timedelta(hours=1), 30.0)
        assert lease.sweep(session, lost) == [job_id]
    assert find(db_engine, job_id, token) is None
    with session_scope(db_engine) as session:
        job = lease.claim(session, job_id, "worker-2", 30)
        assert job is not None
        newer = replace_token(job)
    assert find(db_engine, job_id, token) is None
    assert find(db_engine, job_id, newer) == DEFAULT_PROJECT_ID


def test_a_token_is_good_for_its_job_alone_and_kept_nowhere(
    db_engine: Engine, claim: Callable[[], tuple[str, str]]
) -> None:
    (first, token), (second, _) = claim(), claim()
    assert find(db_engine, second, token) is None
    with session_scope(db_engine) as session:
        row = session.execute(text("SELECT * FROM jobs WHERE id = :id"), {"id": first}).one()
        assert token not in str(row)
        assert session.get_one(Job, first).token_sha256 is not None

"""A migrated database, on each kind that the service runs on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core import migrate
from core.database import create_db_engine, session_scope
from core.identifiers import new_id
from core.jobs import lease, transitions
from core.jobs.states import JobState
from core.tables import Job

LEASE_SECONDS = 30.0


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Gives the URL of an empty database."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"sqlite:///{tmp_path / 'kerasd.db'}"


@pytest.fixture
def db_engine(database_url: str) -> Iterator[Engine]:
    """Gives an engine on a migrated database."""
    migrate.upgrade(database_url)
    engine = create_db_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def add_job(db_engine: Engine) -> Callable[..., str]:
    """Gives a function that adds a job and returns its identifier."""

    def add(**columns: object) -> str:
        with session_scope(db_engine) as session:
            job = Job(**{"id": new_id("job"), "name": "a job", "epochs": 3, **columns})
            return transitions.create(session, job).id

    return add


@pytest.fixture
def run_job(db_engine: Engine, add_job: Callable[..., str]) -> Callable[..., str]:
    """Gives a function that adds a job, has a worker claim it and brings it to a state."""
    paths = {
        JobState.STARTING: [],
        JobState.RUNNING: [JobState.RUNNING],
        JobState.PAUSING: [JobState.RUNNING, JobState.PAUSING],
        JobState.PAUSED: [JobState.RUNNING, JobState.PAUSING, JobState.PAUSED],
        JobState.SUCCEEDED: [JobState.RUNNING, JobState.SUCCEEDED],
        JobState.FAILED: [JobState.RUNNING, JobState.FAILED],
        JobState.CANCELLED: [JobState.RUNNING, JobState.CANCELLED],
    }

    def run(state: JobState = JobState.RUNNING, **columns: object) -> str:
        job_id = add_job(**columns)
        with session_scope(db_engine) as session:
            if state != JobState.QUEUED:
                assert lease.claim(session, job_id, "worker-1", LEASE_SECONDS) is not None
                for to in paths[state]:
                    transitions.move(session, job_id, to, attempt=1)
        return job_id

    return run

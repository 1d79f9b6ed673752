"""A migrated database and a store, on each kind that the service runs on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import Engine

from core import migrate
from core.database import create_db_engine, session_scope
from core.identifiers import new_id
from core.jobs import lease, transitions
from core.jobs.states import JobState
from core.settings import Settings
from core.storage import ObjectStore, open_store
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


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """Gives the address of an S3 server with a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1"
    )
    client.create_bucket(Bucket="bucket")
    client.close()
    yield url
    server.stop()


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """Gives an empty store."""
    if request.param == "local":
        return open_store(Settings(home=tmp_path))
    options = {"key": "k", "secret": "s", "endpoint_url": request.getfixturevalue("s3_url")}
    url = f"s3://bucket/{tmp_path.name}"
    return open_store(Settings(home=tmp_path, storage_url=url, storage_options=options))

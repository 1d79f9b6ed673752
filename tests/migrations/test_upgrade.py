"""Jobs of an earlier version go on after an upgrade, and end as they would have ended."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import pytest
from sqlalchemy import MetaData, select

import core.tables  # noqa: F401 - declares every table
from core import migrate
from core.database import Base, create_db_engine, utc_now
from core.identifiers import new_id
from core.storage.keys import UNNUMBERED, checkpoint_folder
from tests.migrations.conftest import REVISIONS
from tests.worker.conftest import Process, Service
from tests.worker.test_worker import assert_same_weights

EPOCHS = 30
BY_JOB = ("events", "metrics", "attempts")
NO_WORKER = {"worker": None, "lease_expires_at": None}
STATES: dict[str, dict[str, Any]] = {
    "running": {},
    "starting": {},
    "pausing": {},
    "queued": NO_WORKER,
    "paused": NO_WORKER,
    "failed": {**NO_WORKER, "finished_at": utc_now()},
}
pytestmark = pytest.mark.timeout(900)

# A run is what takes the time here: each database has no more of them than tell something new.
DATABASES = {
    ("sqlite", REVISIONS[0]): ("running", "starting", "pausing", "queued", "paused"),
    # The first version kept no checkpoint of a job that had failed.
    ("postgresql", REVISIONS[-2]): ("running", "queued", "failed"),
}
OLD_FORMAT = "starting"
"""The job whose checkpoint is of an earlier format."""
# Two at a time, each with the threads that all of them have.
SETTINGS = {"worker_slots": 2}

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Legacy:
    """What a service leaves behind whose worker was killed in the middle of a training.

    Attributes:
        done: a job that ended. killed: the same, that did not. checkpoint: its newest one. rows: of all tables.
    """

    home: Path
    done: str
    killed: str
    checkpoint: Path
    rows: Rows


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Legacy]:
    with ExitStack() as stack:
        service = Service(tmp_path_factory.mktemp("legacy"), **SETTINGS)
        stack.callback(service.close)
        service.start()
        worker = service.start_worker()
        request = {"fit": {"epochs": EPOCHS, "batch_size": 16}}
        done = service.submit(**request)
        service.wait_for(done, "succeeded", seconds=300)
        killed = service.submit(**request, dataset=service.job(done)["dataset_id"])
        kill(service, worker, killed, epoch=2)
        yield read_legacy(service, done, killed)


def kill(service: Service, worker: Process, job_id: str, epoch: int) -> None:
    """End a run and its worker after some epochs, as when their machine goes down."""
    training = service.find_training(job_id)
    service.wait_for_epoch(job_id, epoch)
    worker.popen.kill()
    training.kill()
    worker.popen.wait()
    service.wait_until(lambda: not training.is_running(), "the end of the run")
    assert service.job(job_id)["state"] == "running"


def read_legacy(service: Service, done: str, killed: str) -> Legacy:
    db_engine = create_db_engine(service.settings.database_url)
    with db_engine.connect() as connection:
        rows = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in Base.metadata.sorted_tables
        }
    db_engine.dispose()
    (checkpoint,) = (service.settings.home / "objects" / checkpoint_folder(killed)).iterdir()
    return Legacy(service.settings.home, done, killed, checkpoint, rows)


def multiply(legacy: Legacy, states: Sequence[str], home: Path) -> tuple[Rows, dict[str, str]]:
    """Make of the killed job one in each state. Returns: the rows of all tables, and the jobs' identifiers."""
    rows: Rows = {
        name: [row for row in found if legacy.killed not in (row.get("id"), row.get("job_id"))]
        for name, found in legacy.rows.items()
    }
    jobs = {state: new_id("job") for state in states}
    (home / "objects" / UNNUMBERED).mkdir()
    for state, job_id in jobs.items():
        changes = {"id": job_id, "state": state, **STATES[state]}
        rows["jobs"] += [{**row, **changes} for row in legacy.rows["jobs"] if row["id"] == legacy.killed]
        for name in BY_JOB:
            of_job = [row for row in legacy.rows[name] if row["job_id"] == legacy.killed]
            rows[name] += [{**row, "job_id": job_id} for row in of_job]
        shutil.copytree(legacy.home / "runs" / legacy.killed, home / "runs" / job_id)
        # Where the first version kept a checkpoint.
        checkpoint = home / "objects" / UNNUMBERED / job_id
        shutil.copy(legacy.checkpoint, checkpoint)
        if state == OLD_FORMAT:
            with h5py.File(checkpoint, "a") as file:
                file.attrs["format"] = 1
    return rows, jobs


def write_database(url: str, revision: str, rows: Rows) -> None:
    """Make the database as it was at a revision."""
    migrate.upgrade(url, revision)
    db_engine, metadata = create_db_engine(url), MetaData()
    metadata.reflect(db_engine)
    with db_engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name in rows:  # a migration may have begun it
                connection.execute(table.delete())
        for table in metadata.sorted_tables:
            for row in rows.get(table.name, []):
                known = {name: row[name] for name in row.keys() & table.columns.keys()}
                given = {name: value for name, value in known.items() if value is not None}
                connection.execute(table.insert().values(given))
    db_engine.dispose()


@pytest.fixture(params=DATABASES, ids="-".join)
def upgraded(
    request: pytest.FixtureRequest, tmp_path: Path, legacy: Legacy
) -> Iterator[tuple[Service, dict[str, str]]]:
    """The service after the upgrade of a database from that revision, and its jobs by state."""
    kind, revision = request.param
    url = (
        f"sqlite:///{tmp_path / 'old.db'}" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    )
    shutil.copytree(legacy.home / "objects", tmp_path / "objects")
    rows, jobs = multiply(legacy, DATABASES[request.param], tmp_path)
    write_database(url, revision, rows)
    service = Service(tmp_path, database_url=url, **SETTINGS)
    try:
        service.start()  # which migrates
        yield service, jobs
    finally:
        service.close()


def test_jobs_go_on(upgraded: tuple[Service, dict[str, str]], legacy: Legacy) -> None:
    service, jobs = upgraded
    check_readable(service, legacy, jobs)
    for state, act in {"paused": "resume", "failed": "retry"}.items():
        if state in jobs:
            answer = service.api.post(f"/v1/jobs/{jobs[state]}/{act}")
            assert answer.status_code == 202, answer.text
    service.start_worker()
    for state, job_id in jobs.items():
        if state == "pausing":
            service.wait_for(job_id, "paused", seconds=300)
        else:
            check_ended_right(service, legacy, job_id, is_complete=state != "failed")
            check_begin(service, job_id, is_anew=state == OLD_FORMAT)


def check_begin(service: Service, job_id: str, is_anew: bool) -> None:
    """Training went on from the checkpoint, or began anew and said why."""
    log = service.api.get(f"/v1/jobs/{job_id}/logs").text
    assert ("written by another version" in log) == is_anew
    assert ("Going on from the checkpoint" in log) != is_anew


def check_readable(service: Service, legacy: Legacy, jobs: dict[str, str]) -> None:
    """Everything that was there is there."""
    listed = {job["id"] for job in service.get("/v1/jobs?limit=100")["data"]}
    assert listed == {*jobs.values(), legacy.done}
    for state, job_id in jobs.items():
        job = service.job(job_id)
        assert job["state"] == state
        assert job["attempt"] == 1
        assert service.api.get(f"/v1/jobs/{job_id}/logs").status_code == 200
        assert service.metrics(job_id)["step"][:2] == [0, 1]
        assert service.get(f"/v1/models/{job['model_id']}")["id"] == job["model_id"]
        assert service.get(f"/v1/datasets/{job['dataset_id']}/preview")["rows"] > 0
    for artifact in service.get(f"/v1/jobs/{legacy.done}/artifacts")["data"]:
        assert len(service.artifact(legacy.done, artifact["name"])) == artifact["size_bytes"]


def check_ended_right(service: Service, legacy: Legacy, job_id: str, is_complete: bool = True) -> None:
    """The job ended as the one did that nobody disturbed.

    Args: is_complete: whether every epoch was told; points that lay on the disk of a killed run go with its folder
        once the job has ended.
    """
    service.wait_for(job_id, "succeeded", seconds=300)
    assert_same_weights(service.artifact(legacy.done, "model.h5"), service.artifact(job_id, "model.h5"))
    expected, found = service.metrics(legacy.done), service.metrics(job_id)
    assert len(set(found["step"])) == len(found["step"])
    if is_complete:
        assert found["step"] == list(range(EPOCHS))
    for name in expected.keys() - {"recorded_at"}:
        assert found[name] == [expected[name][step] for step in found["step"]], name

"""Quotas on both databases, kept by many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from core.access.projects import open_project
from core.database import session_scope
from core.identifiers import new_id
from core.jobs import transitions
from core.jobs.states import JobState
from core.quotas import (
    JobQuotaError,
    StorageQuotaError,
    check_open_jobs,
    check_stored_bytes,
    count_stored_bytes,
)
from core.tables import DEFAULT_PROJECT_ID, Artifact, Dataset, Job, Model

FIRST, SECOND, THIRD, FOURTH = (digit * 64 for digit in "1234")


def add_rows(db_engine: Engine, job_id: str) -> None:
    """Two datasets of the same bytes, an artifact, and weights of which one model knows no size."""
    with session_scope(db_engine) as session:
        for _ in range(2):
            session.add(
                Dataset(id=new_id("dst"), name="x", format="npy", sha256=FIRST, size_bytes=1000, rows=1)
            )
        session.add(Artifact(job_id=job_id, name="a", sha256=SECOND, size_bytes=200, media_type="x/y"))
        for sha256, size_bytes in ((THIRD, 30), (FOURTH, None), (None, None)):
            session.add(
                Model(
                    id=new_id("mdl"),
                    name="x",
                    class_name="Model",
                    definition="{}",
                    definition_sha256="0" * 64,
                    weights_sha256=sha256,
                    weights_bytes=size_bytes,
                )
            )


def test_each_object_counts_once(db_engine: Engine, add_job: Callable[..., str]) -> None:
    with session_scope(db_engine, read_only=True) as session:
        assert count_stored_bytes(session, DEFAULT_PROJECT_ID) == 0
    add_rows(db_engine, add_job())
    with session_scope(db_engine, read_only=True) as session:
        assert count_stored_bytes(session, DEFAULT_PROJECT_ID) == 1230


def test_what_fits_is_taken_to_the_byte(db_engine: Engine, add_job: Callable[..., str]) -> None:
    add_rows(db_engine, add_job())
    with session_scope(db_engine, read_only=True) as session:
        check_stored_bytes(session, DEFAULT_PROJECT_ID, "5" * 64, 70, limit=1300)
        check_stored_bytes(session, DEFAULT_PROJECT_ID, "5" * 64, 10**12, limit=0)
        check_stored_bytes(session, DEFAULT_PROJECT_ID, FIRST, 1000, limit=10)
        with pytest.raises(StorageQuotaError, match="It has 71 bytes, 1230 are stored and 1300") as refused:
            check_stored_bytes(session, DEFAULT_PROJECT_ID, "5" * 64, 71, limit=1300)
        assert not refused.value.fits_never
        with pytest.raises(StorageQuotaError) as refused:
            check_stored_bytes(session, DEFAULT_PROJECT_ID, "5" * 64, 1301, limit=1300)
        assert refused.value.fits_never


def test_jobs_that_wait_or_run_here_count(db_engine: Engine, run_job: Callable[..., str]) -> None:
    for state in JobState:
        run_job(state)
    with session_scope(db_engine) as session:
        transitions.create(session, Job(id=new_id("job"), name="elsewhere", external=True))
    with session_scope(db_engine) as session:
        check_open_jobs(session, DEFAULT_PROJECT_ID, 4)
        check_open_jobs(session, DEFAULT_PROJECT_ID, 0)
        with pytest.raises(JobQuotaError, match="3 jobs are queued or running and 3 may be"):
            check_open_jobs(session, DEFAULT_PROJECT_ID, 3)


def test_each_project_has_quotas_of_its_own(db_engine: Engine, add_job: Callable[..., str]) -> None:
    with session_scope(db_engine) as session:
        other = open_project(session, "other").id
    add_rows(db_engine, add_job())
    add_job(project_id=other)
    with session_scope(db_engine) as session:
        assert count_stored_bytes(session, other) == 0
        with pytest.raises(StorageQuotaError, match="It has 1000 bytes, 0 are stored"):
            check_stored_bytes(session, other, FIRST, 1000, limit=10)
        check_open_jobs(session, other, 1)
        transitions.create(session, Job(id=new_id("job"), name="a job", epochs=1, project_id=other))
        with pytest.raises(JobQuotaError):
            check_open_jobs(session, other, 1)
        check_open_jobs(session, DEFAULT_PROJECT_ID, 1)


def test_many_that_queue_at_once_do_not_get_past_it(db_engine: Engine) -> None:
    def queue(_: int) -> bool:
        try:
            with session_scope(db_engine) as session:
                transitions.create(session, Job(id=new_id("job"), name="a job", epochs=1))
                check_open_jobs(session, DEFAULT_PROJECT_ID, 5)
        except JobQuotaError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(queue, range(24))) == 5

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

from sqlalchemy import Engine

from core.database import session_scope, utc_now
from core.identifiers import new_id
from core.jobs import transitions
from core.jobs.states import JobState
from core.settings import Settings
from core.storage import ObjectStore, open_store
from core.tables import Job
from worker.attempt import Attempt
from worker.leftovers import remove_checkpoints, remove_leftovers

ClaimJob = Callable[..., Attempt]


def test_only_what_ended_jobs_left_is_removed(tmp_path: Path, db_engine: Engine, claim_job: ClaimJob) -> None:
    settings = Settings(home=tmp_path)
    assert remove_leftovers(settings, db_engine) == []
    ended, going_on, gone = claim_job(), claim_job(), new_id("job")
    for job_id in (ended.job_id, going_on.job_id, gone):
        folder = settings.runs_path / job_id / "spool"
        folder.mkdir(parents=True)
        (folder / "000001.jsonl").write_text("{}\n")
    ended.fail({"title": "no"})
    assert sorted(remove_leftovers(settings, db_engine)) == sorted([ended.job_id, gone])
    assert [path.name for path in settings.runs_path.iterdir()] == [going_on.job_id]


def test_workers_of_one_machine_do_not_get_in_each_others_way(
    tmp_path: Path, db_engine: Engine, claim_job: ClaimJob
) -> None:
    settings = Settings(home=tmp_path)
    gone = [new_id("job") for _ in range(50)]
    for job_id in gone:
        (settings.runs_path / job_id / "spool").mkdir(parents=True)
    together = Barrier(4)

    def remove(_: int) -> None:
        together.wait()
        remove_leftovers(settings, db_engine)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(remove, range(4)))
    assert list(settings.runs_path.iterdir()) == []


def keep_checkpoint(store: ObjectStore, attempt: Attempt, path: Path) -> None:
    path.write_bytes(b"weights")
    store.put_checkpoint(attempt.job_id, attempt.number, path)
    with session_scope(attempt.db_engine) as session:
        session.get_one(Job, attempt.job_id).checkpoint_at = utc_now()


def test_checkpoints_stay_as_long_as_a_retry_may_want_them(
    tmp_path: Path, db_engine: Engine, claim_job: ClaimJob
) -> None:
    settings = Settings(home=tmp_path, checkpoint_days=2)
    store = open_store(settings)
    going_on, succeeded, failed, long_failed = (claim_job() for _ in range(4))
    for attempt in (going_on, succeeded, failed, long_failed):
        keep_checkpoint(store, attempt, tmp_path / "checkpoint.h5")
    failed.fail({"title": "no"})
    long_failed.fail({"title": "no"})
    with session_scope(db_engine) as session:
        transitions.move(session, succeeded.job_id, JobState.RUNNING)
        transitions.move(session, succeeded.job_id, JobState.SUCCEEDED)
        session.get_one(Job, long_failed.job_id).finished_at = utc_now() - timedelta(days=3)
    removed = remove_checkpoints(settings, db_engine, store)
    assert sorted(removed) == sorted([succeeded.job_id, long_failed.job_id])
    kept = {
        attempt.job_id: store.find_checkpoint(attempt.job_id) is not None
        for attempt in (going_on, succeeded, failed, long_failed)
    }
    assert list(kept.values()) == [True, False, True, False]
    assert remove_checkpoints(settings, db_engine, store) == []

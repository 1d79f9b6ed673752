"""What runs leave behind, removed when their job has ended, however it did."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine, Select, or_, select

from core.database import session_scope, utc_now
from core.jobs.states import TERMINAL, JobState
from core.settings import Settings
from core.storage import ObjectStore
from core.tables import Job

_REMOVED: Final = "removed-"
_CHECKPOINTS_AT_ONCE: Final = 100


def remove_leftovers(settings: Settings, db_engine: Engine) -> list[str]:
    """Remove the folders on this machine of jobs that have ended or are gone. Returns these jobs."""
    if not settings.runs_path.is_dir():
        return []
    found = {path.name for path in settings.runs_path.glob("job_*") if path.is_dir()}
    ended: list[str] = []
    if found:
        known = select(Job.id).where(Job.id.in_(found))
        still_open = known.where(Job.state.not_in(sorted(TERMINAL)))
        with session_scope(db_engine, read_only=True) as session:
            ended = sorted(found - set(session.scalars(still_open)))
    if ended:
        with session_scope(db_engine) as session:
            # As long as their rows are locked nobody retries these jobs, whose run would write there anew.
            session.scalars(known.with_for_update()).all()
            ended = sorted(found - set(session.scalars(still_open)))
            for job_id in ended:
                # Another worker of this machine may have been first.
                with suppress(FileNotFoundError):
                    (settings.runs_path / job_id).rename(settings.runs_path / f"{_REMOVED}{job_id}")
    for path in settings.runs_path.glob(f"{_REMOVED}*"):
        shutil.rmtree(path, ignore_errors=True)
    return ended


def remove_checkpoints(settings: Settings, db_engine: Engine, store: ObjectStore) -> Sequence[str]:
    """Remove the checkpoints of jobs that succeeded, or ended otherwise and were not retried in time.

    Returns: these jobs.
    """
    statement = _unneeded_checkpoints(settings)
    with session_scope(db_engine, read_only=True) as session:
        if not session.scalars(statement.limit(1)).all():
            return []
    with session_scope(db_engine) as session:
        jobs = session.scalars(statement.limit(_CHECKPOINTS_AT_ONCE).with_for_update(skip_locked=True)).all()
        for job in jobs:
            store.delete_checkpoint(job.id)
            job.checkpoint_at = None
        return [job.id for job in jobs]


def _unneeded_checkpoints(settings: Settings) -> Select[Job]:
    is_too_old = Job.finished_at < utc_now() - timedelta(days=settings.checkpoint_days)
    cannot_be_retried = Job.state == JobState.SUCCEEDED
    return select(Job).where(
        Job.checkpoint_at.is_not(None),
        Job.state.in_(sorted(TERMINAL)),
        or_(cannot_be_retried, is_too_old),
    )

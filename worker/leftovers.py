"""What runs leave on this machine, removed when their job has ended, however it did."""

import shutil

from sqlalchemy import Engine, select

from core.database import session_scope
from core.jobs.states import TERMINAL
from core.settings import Settings
from core.storage import ObjectStore
from core.tables import Job


def remove_leftovers(settings: Settings, db_engine: Engine, store: ObjectStore) -> list[str]:
    """Remove the folders and checkpoints of jobs that have ended or are gone. Returns these jobs."""
    if not settings.runs_path.is_dir():
        return []
    found = sorted(path.name for path in settings.runs_path.iterdir() if path.is_dir())
    if not found:
        return []
    with session_scope(db_engine, read_only=True) as session:
        statement = select(Job.id).where(Job.id.in_(found), Job.state.not_in(sorted(TERMINAL)))
        open_jobs = set(session.scalars(statement))
    ended = [job_id for job_id in found if job_id not in open_jobs]
    for job_id in ended:
        store.delete_checkpoint(job_id)
        shutil.rmtree(settings.runs_path / job_id, ignore_errors=True)
    return ended

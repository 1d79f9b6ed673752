"""What may be asked of a job that is there: to stop, to pause, to go on, to try again, to go first."""

from typing import Any

from api.deps import Database, Queue
from api.jobs.service import view
from core.jobs.cancellation import request_cancel
from core.jobs.pausing import request_pause, resume
from core.jobs.retrying import retry
from core.jobs.transitions import lock
from core.jobs.waiting import reprioritize
from core.quotas import check_open_jobs
from core.settings import Settings
from core.storage import ObjectStore


def cancel_job(database: Database, job_id: str) -> dict[str, Any]:
    """Cancel a job: at once where nobody trains it, else its worker is asked to."""
    with database.write() as session:
        return view(session, request_cancel(session, job_id))


def pause_job(database: Database, job_id: str) -> dict[str, Any]:
    """Pause a job: at once where nobody trains it, else once its run has written a checkpoint.

    Raises: ExternalRunError, IllegalMoveError: it trains elsewhere, or has ended.
    """
    with database.write() as session:
        return view(session, request_pause(session, job_id))


def resume_job(database: Database, queue: Queue, settings: Settings, job_id: str) -> dict[str, Any]:
    """Queue a paused job again; the workers are told after the commit.

    Raises: IllegalMoveError: it is not paused. JobQuotaError: too many are under way.
    """
    with database.write() as session:
        job = resume(session, job_id)
        check_open_jobs(session, settings.max_open_jobs)
        answer = view(session, job)
    queue.ring(job.id, job.priority)
    return answer


def retry_job(
    database: Database,
    queue: Queue,
    store: ObjectStore,
    settings: Settings,
    job_id: str,
    *,
    from_checkpoint: bool,
) -> dict[str, Any]:
    """Queue a job that failed or was cancelled again; the workers are told after the commit.

    Raises: ExternalRunError, IllegalMoveError: it trains elsewhere, or has not failed. JobQuotaError: too many
    are under way.
    """
    with database.write() as session:
        job = retry(session, job_id, from_checkpoint=from_checkpoint)
        check_open_jobs(session, settings.max_open_jobs)
        if not from_checkpoint:
            # Before the commit, so that no worker can find it.
            store.delete_checkpoint(job_id)
        answer = view(session, job)
    queue.ring(job.id, job.priority)
    return answer


def change_priority(database: Database, job_id: str, priority: int) -> dict[str, Any]:
    """Let a job go earlier or later; one that does not wait keeps the priority for when it does."""
    with database.write() as session:
        job = lock(session, job_id)
        reprioritize(job, priority)
        session.flush()
        return view(session, job)

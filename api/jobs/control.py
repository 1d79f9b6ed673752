"""What may be asked of a job that is there: to stop, to pause, to go on, to try again, to go first."""

from typing import Any

from api.deps import ProjectDatabase, Queue
from api.errors import ProblemError
from api.jobs.repository import get_job
from api.jobs.service import view
from core.access.job_tokens import replace_token
from core.jobs.cancellation import request_cancel
from core.jobs.pausing import request_pause, resume
from core.jobs.retrying import retry
from core.jobs.states import TERMINAL
from core.jobs.transitions import lock
from core.jobs.waiting import reprioritize
from core.quotas import check_open_jobs
from core.settings import Settings
from core.storage import ObjectStore


def cancel_job(database: ProjectDatabase, job_id: str) -> dict[str, Any]:
    """Cancel a job: at once where nobody trains it, else its worker is asked to."""
    with database.write() as session:
        job = get_job(session, database.project_id, job_id)
        return view(session, request_cancel(session, job.id))


def pause_job(database: ProjectDatabase, job_id: str) -> dict[str, Any]:
    """Pause a job: at once where nobody trains it, else once its run has written a checkpoint.

    Raises: ExternalRunError, IllegalMoveError: it trains elsewhere, or has ended.
    """
    with database.write() as session:
        job = get_job(session, database.project_id, job_id)
        return view(session, request_pause(session, job.id))


def resume_job(database: ProjectDatabase, queue: Queue, settings: Settings, job_id: str) -> dict[str, Any]:
    """Queue a paused job again; the workers are told after the commit.

    Raises: IllegalMoveError: it is not paused. JobQuotaError: too many are under way.
    """
    with database.write() as session:
        job = resume(session, get_job(session, database.project_id, job_id).id)
        check_open_jobs(session, database.project_id, settings.max_open_jobs)
        answer = view(session, job)
    queue.ring(job.id, job.priority)
    return answer


def retry_job(
    database: ProjectDatabase,
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
        job = retry(
            session, get_job(session, database.project_id, job_id).id, from_checkpoint=from_checkpoint
        )
        check_open_jobs(session, database.project_id, settings.max_open_jobs)
        if not from_checkpoint:
            # Before the commit, so that no worker can find it.
            store.delete_checkpoint(job_id)
        answer = view(session, job)
    queue.ring(job.id, job.priority)
    return answer


def mint_token(database: ProjectDatabase, job_id: str) -> dict[str, Any]:
    """Give an external run a token to report with; the one before is good no more.

    Raises: ProblemError (409): a worker trains the job, or it has ended.
    """
    with database.write() as session:
        job = lock(session, get_job(session, database.project_id, job_id).id)
        if not job.external:
            detail = f"Job {job_id} is trained by a worker, whose runs have tokens of their own."
            raise ProblemError(409, detail, name="not-external")
        if job.state in TERMINAL:
            detail = f"Job {job_id} has {job.state}, so nothing is reported on it any more."
            raise ProblemError(409, detail, name="job-ended")
        return {"job_id": job_id, "token": replace_token(job)}


def change_priority(database: ProjectDatabase, job_id: str, priority: int) -> dict[str, Any]:
    """Let a job go earlier or later; one that does not wait keeps the priority for when it does."""
    with database.write() as session:
        job = lock(session, get_job(session, database.project_id, job_id).id)
        reprioritize(job, priority)
        return view(session, job)

"""Pausing a job and letting it go on."""

from sqlalchemy.orm import Session

from core.database import utc_now
from core.jobs.errors import ExternalRunError
from core.jobs.states import LEASED, JobState
from core.jobs.transitions import lock, move
from core.jobs.waiting import begin_to_wait
from core.tables import Job

_PAUSED = frozenset({JobState.PAUSING, JobState.PAUSED})


def request_pause(session: Session, job_id: str) -> Job:
    """Pause a job that waits at once; ask the run of one that is under way to stop at a checkpoint.

    A job that is paused, or will be, stays as it is.

    Raises:
        JobNotFoundError: there is no such job.
        ExternalRunError: it trains elsewhere.
        IllegalMoveError: it has ended.
    """
    job = lock(session, job_id)
    if job.external:
        raise ExternalRunError(job_id, "pause")
    if job.state in _PAUSED:
        return job
    to = JobState.PAUSING if job.state in LEASED else JobState.PAUSED
    return move(session, job_id, to, reason="asked to pause")


def resume(session: Session, job_id: str) -> Job:
    """Let a paused job wait for a worker again; one that waits already stays as it is.

    Raises:
        JobNotFoundError: there is no such job.
        IllegalMoveError: it is neither paused nor waiting.
    """
    job = lock(session, job_id)
    if job.state == JobState.QUEUED:
        return job
    values = begin_to_wait(job, utc_now())
    return move(session, job_id, JobState.QUEUED, reason="resumed", expected={JobState.PAUSED}, values=values)

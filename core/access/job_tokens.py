"""The tokens with which runs report on their jobs: one a job, which dies with the attempt it was made for."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import credentials
from core.tables import Job


def find_token_project(session: Session, job_id: str, token: str) -> str | None:
    """The project of a job that has this token now."""
    row = session.execute(select(Job.project_id, Job.token_sha256).where(Job.id == job_id)).one_or_none()
    if row is None or not credentials.matches(token, row.token_sha256):
        return None
    return str(row.project_id)


def replace_token(job: Job) -> str:
    """Give a job a new token; the one before is good no more. Returns: the token, which is kept nowhere."""
    token = credentials.make_job_token(job.id)
    job.token_sha256 = credentials.hash_credential(token)
    return token

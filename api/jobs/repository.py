"""SQL about jobs."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import not_found
from core.tables import Job


def get_job(session: Session, project_id: str, job_id: str) -> Job:
    """Fetch a job of a project, or raise the 404; one of another project is as unknown as one that is not."""
    job = session.get(Job, job_id)
    if job is None or job.project_id != project_id:
        raise not_found("job", job_id)
    return job


def find_own_jobs(session: Session, project_id: str, job_ids: Collection[str]) -> set[str]:
    """Those of these jobs that belong to a project."""
    query = select(Job.id).where(Job.project_id == project_id, Job.id.in_(job_ids))
    return set(session.scalars(query)) if job_ids else set()

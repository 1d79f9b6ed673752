"""SQL about jobs."""

from collections.abc import Collection

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session

from api.errors import not_found
from api.pagination import PageRequest, fetch_page
from core.jobs.states import JobState
from core.jobs.waiting import ORDER
from core.tables import Job, Metric


def get_job(session: Session, job_id: str) -> Job:
    """Fetch a job, or raise the 404."""
    job = session.get(Job, job_id)
    if job is None:
        raise not_found("job", job_id)
    return job


def list_jobs(
    session: Session, page: PageRequest, states: Collection[JobState], tag: str | None
) -> tuple[list[Job], bool]:
    """Fetch one page of jobs, newest first; of these states and with this tag where they are given."""
    query = select(Job)
    if states:
        query = query.where(Job.state.in_(states))
    if tag is not None:
        # Tags hold no quotes, so the quoted tag occurs in the JSON text only as itself.
        query = query.where(cast(Job.tags, String).contains(f'"{tag}"', autoescape=True))
    return fetch_page(session, query, Job.id, page)


def find_queue_positions(session: Session, jobs: Collection[Job]) -> dict[str, int]:
    """Places of waiting jobs in the queue, counted from 1."""
    waiting = [job.id for job in jobs if job.state == JobState.QUEUED]
    if not waiting:
        return {}
    place = func.row_number().over(order_by=ORDER)
    queue = select(Job.id, place.label("place")).where(Job.state == JobState.QUEUED).subquery()
    rows = session.execute(select(queue.c.id, queue.c.place).where(queue.c.id.in_(waiting)))
    return {job_id: int(number) for job_id, number in rows}


def find_best_epoch(session: Session, job: Job) -> tuple[str, float, int] | None:
    """The epoch of the least validation loss, or of the least loss where nothing validates."""
    name = next((name for name in ("val_loss", "loss") if name in job.last_metrics), None)
    if name is None:
        return None
    query = (
        select(Metric.value, Metric.step)
        .where(
            Metric.job_id == job.id, Metric.kind == "epoch", Metric.name == name, Metric.value.is_not(None)
        )
        .order_by(Metric.value, Metric.step)
    )
    row = session.execute(query.limit(1)).first()
    return None if row is None else (name, row.value, row.step)

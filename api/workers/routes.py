"""Addresses of workers."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.responses import Response

from api.deps import DatabaseDep, SettingsDep
from api.jobs.repository import find_own_jobs
from api.responses import JsonResponse
from core.database import utc_now
from core.tables import Worker

_SHOWN: Final = ("id", "hostname", "pid", "device", "slots", "seen_at")

router = APIRouter(prefix="/v1/workers", tags=["workers"])


class WorkerView(BaseModel):
    """A process that trains."""

    id: str
    hostname: str
    pid: int
    device: str
    slots: int = Field(description="Jobs at one time.")
    running: list[str] = Field(description="Ids of your project's jobs that it trains now.")
    running_others: int = Field(description="How many jobs of other projects it trains now.")
    seen_at: datetime
    is_alive: bool = Field(description="Whether it reported within the time of a lease.")


class WorkersView(BaseModel):
    """All workers."""

    data: list[WorkerView]


@router.get("", response_model=WorkersView)
def show_workers(database: DatabaseDep, settings: SettingsDep) -> Response:
    """List the workers, the last seen first."""
    oldest = utc_now() - timedelta(seconds=settings.lease_seconds)
    with database.read() as session:
        workers = session.scalars(select(Worker).order_by(Worker.seen_at.desc()).limit(1000)).all()
        running = {job_id for worker in workers for job_id in worker.running}
        own = find_own_jobs(session, database.project_id, running)
    return JsonResponse({"data": [_view(worker, own, worker.seen_at >= oldest) for worker in workers]})


def _view(worker: Worker, own_jobs: Collection[str], is_alive: bool) -> dict[str, Any]:
    running = [job_id for job_id in worker.running if job_id in own_jobs]
    return {
        **{field: getattr(worker, field) for field in _SHOWN},
        "running": running,
        "running_others": len(worker.running) - len(running),
        "is_alive": is_alive,
    }

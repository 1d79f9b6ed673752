"""Addresses of workers."""

from datetime import datetime, timedelta

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.responses import Response

from api.deps import DatabaseDep, SettingsDep
from api.responses import JsonResponse
from core.database import utc_now
from core.tables import Worker

router = APIRouter(prefix="/v1/workers", tags=["workers"])


class WorkerView(BaseModel):
    """A process that trains."""

    id: str
    hostname: str
    pid: int
    device: str
    slots: int = Field(description="Jobs at one time.")
    running: list[str] = Field(description="Ids of the jobs it trains now.")
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
    fields = ("id", "hostname", "pid", "device", "slots", "running", "seen_at")
    data = [
        {**{field: getattr(worker, field) for field in fields}, "is_alive": worker.seen_at >= oldest}
        for worker in workers
    ]
    return JsonResponse({"data": data})

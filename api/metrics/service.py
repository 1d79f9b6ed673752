"""Rules about metrics: who may report them, and the forms in which they are read."""

import csv
import io
import time
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from api.errors import Fault, ProblemError, invalid
from api.metrics.ingest import Ingest, Report
from api.metrics.schemas import Epoch, MetricName, PointsRequest
from core.jobs.metrics import MetricPoint
from core.jobs.recording import Standing
from core.jobs.states import TERMINAL
from core.spreadsheets import make_harmless

_EPOCH: Final = TypeAdapter(Epoch)
_NAME: Final = TypeAdapter(MetricName)


async def record_points(ingest: Ingest, project_id: str, job_id: str, request: PointsRequest) -> int:
    """Store points of a worker's attempt, or of a run that trains elsewhere.

    Returns: how many were new or had changed. Raises: StaleAttemptError: the attempt counts no more.
    """
    check = _check_elsewhere if request.attempt is None else _check_nothing
    points = [point.to_core() for point in request.points]
    return await ingest.record(Report(project_id, job_id, points, request.attempt, check))


async def publish_epoch(ingest: Ingest, project_id: str, job_id: str, payload: Any) -> int:
    """Store what Keras's RemoteMonitor sends at the end of an epoch: the epoch and the logs in one object."""
    return await ingest.record(Report(project_id, job_id, [_read_payload(payload)], None, _check_open))


def _check_nothing(job: Standing) -> None:
    """The number of the attempt tells enough."""


def _check_open(job: Standing) -> None:
    if job.state in TERMINAL:
        detail = (
            f"Job {job.job_id} has {job.state}, so it takes no more metrics. "
            "Open a new one with POST /v1/jobs."
        )
        raise ProblemError(409, detail, name="job-ended")


def _check_elsewhere(job: Standing) -> None:
    _check_open(job)
    if not job.external:
        raise invalid(
            [Fault(pointer="/attempt", detail="is missing; a worker names the attempt it works for")]
        )


def _read_payload(payload: Any) -> MetricPoint:
    if not isinstance(payload, dict):
        raise invalid([Fault(pointer="", detail='must be an object such as {"epoch": 0, "loss": 0.5}')])
    faults, values = [], {}
    for name, value in payload.items():
        if name == "epoch":
            continue
        number = _read_number(value)
        if number is None:
            faults.append(Fault(pointer=f"/{name}", detail=f"must be a number, found {str(value)[:80]!r}"))
        elif not _accepts(_NAME, name):
            faults.append(Fault(pointer="", detail="names of metrics are one line of 1 to 200 characters"))
        else:
            values[name] = number
    epoch = payload.get("epoch")
    if isinstance(epoch, bool) or not isinstance(epoch, int) or not _accepts(_EPOCH, epoch):
        faults.append(
            Fault(pointer="/epoch", detail=f"must be a whole number from 0, found {str(epoch)[:80]!r}")
        )
    if faults:
        raise invalid(faults)
    return MetricPoint("epoch", payload["epoch"], payload["epoch"], values, time.time())


def _read_number(value: Any) -> float | None:
    """A number, or a word such as "NaN" that a sender's JSON library wrote for one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _accepts(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def make_csv(columns: dict[str, list[Any]]) -> str:
    """The columns as CSV; their names are made harmless for spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([make_harmless(name) for name in columns])
    writer.writerows(zip(*columns.values()))
    return text.getvalue()

"""What the API says about a job."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.jobs.states import JobState

EXAMPLE_JOB: dict[str, Any] = {
    "id": "job_01JD5KA2R9C4H7V1M6T8E3W5BX",
    "name": "digits",
    "state": "running",
    "attempt": 1,
    "model_id": "mdl_01JD5K7Q0V9F2M8X3YB4T6W1ZC",
    "dataset_id": "dst_01JD5K8A3P7R1N6C9WQ2V5X0HT",
    "external": False,
    "tags": ["demo"],
    "priority": 0,
    "epoch": 2,
    "epochs": 5,
    "progress": 0.4,
    "metrics": {"loss": 0.21, "acc": 0.94, "val_loss": 0.25, "val_acc": 0.93},
    "best": {"name": "val_loss", "value": 0.25, "epoch": 1},
    "error": None,
    "cancel_requested": False,
    "created_at": "2026-01-15T12:00:00Z",
    "queued_at": "2026-01-15T12:00:00Z",
    "started_at": "2026-01-15T12:00:01Z",
    "finished_at": None,
    "queue_timeout_seconds": None,
    "time_limit_seconds": None,
    "max_attempts": None,
    "cloned_from": None,
    "attempts": [
        {
            "number": 1,
            "worker": "wrk_01JD5K6Y3A8C5E1G7J2M4N9P0Q",
            "started_at": "2026-01-15T12:00:01Z",
            "ended_at": None,
            "outcome": None,
            "reason": None,
        }
    ],
    "queue_position": None,
    "links": {"self": "/v1/jobs/job_01JD5KA2R9C4H7V1M6T8E3W5BX"},
    "spec": {"fit": {"epochs": 5, "batch_size": 32}},
}


class BestEpoch(BaseModel):
    """The epoch of the least loss."""

    name: str
    value: float
    epoch: int = Field(description="Counted from 0, as Keras counts.")


class AttemptView(BaseModel):
    """A worker's hold on a job."""

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: JobState | None = Field(description="The state that the job came to; null while it lasts.")
    reason: str | None


class JobView(BaseModel):
    """A training."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_JOB})

    id: str
    name: str
    state: JobState
    attempt: int = Field(description="How often a worker took it up; 0 before the first time.")
    model_id: str | None
    dataset_id: str | None
    external: bool
    tags: list[str]
    priority: int
    epoch: int = Field(description="Epochs that have ended.")
    epochs: int
    progress: float = Field(description="From 0 to 1.")
    metrics: dict[str, Any] = Field(description="Values of the last epoch; NaN and the infinities as words.")
    best: BestEpoch | None = Field(default=None, description="Of a single job only, not in lists.")
    error: dict[str, Any] | None
    cancel_requested: bool
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    queue_timeout_seconds: float | None
    time_limit_seconds: float | None
    max_attempts: int | None = Field(description="Null: as many as the service's settings say.")
    cloned_from: str | None
    attempts: list[AttemptView] | None = Field(
        default=None, description="The first one first; of a single job only, not in lists."
    )
    queue_position: int | None = Field(description="Counted from 1; null when it does not wait.")
    links: dict[str, str]
    spec: dict[str, Any] = Field(description="The request with every default filled in.")


def view_job(
    job: Mapping[str, Any],
    queue_position: int | None,
    attempts: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The job as the API shows it, from its columns."""
    return {
        "id": job["id"],
        "name": job["name"],
        "state": job["state"],
        "attempt": job["attempt"],
        "model_id": job["model_id"],
        "dataset_id": job["dataset_id"],
        "external": job["external"],
        "tags": job["tags"],
        "priority": job["priority"],
        "epoch": job["epoch"],
        "epochs": job["epochs"],
        "progress": _find_progress(job),
        "metrics": job["last_metrics"],
        "best": _find_best(job),
        "error": job["error"],
        "cancel_requested": job["cancel_requested_at"] is not None,
        "created_at": job["created_at"],
        "queued_at": job["queued_at"],
        "started_at": job["started_at"],
        "finished_at": job["finished_at"],
        "queue_timeout_seconds": job["queue_timeout_seconds"],
        "time_limit_seconds": job["time_limit_seconds"],
        "max_attempts": job["max_attempts"],
        "cloned_from": job["cloned_from"],
        "attempts": attempts,
        "queue_position": queue_position,
        "links": _make_links(job),
        "spec": job["spec"],
    }


def _find_progress(job: Mapping[str, Any]) -> float:
    if job["state"] == JobState.SUCCEEDED:  # callbacks may end a training early
        return 1.0
    return min(1.0, job["epoch"] / job["epochs"]) if job["epochs"] else 0.0


def _find_best(job: Mapping[str, Any]) -> dict[str, Any] | None:
    if job.get("best_name") is None:
        return None
    return {"name": job["best_name"], "value": job["best_value"], "epoch": job["best_epoch"]}


def _make_links(job: Mapping[str, Any]) -> dict[str, str]:
    address = f"/v1/jobs/{job['id']}"
    links = {
        "self": address,
        "metrics": f"{address}/metrics",
        "events": f"{address}/events",
        "logs": f"{address}/logs",
        "artifacts": f"{address}/artifacts",
        "predict": f"{address}/predict",
        "publish": f"{address}/publish/epoch/end/",
    }
    if job["cloned_from"] is not None:
        links["cloned_from"] = f"/v1/jobs/{job['cloned_from']}"
    return links

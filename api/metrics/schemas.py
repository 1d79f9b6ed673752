"""What the API takes and says about metrics."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.numbers import WHOLE
from core.jobs.metrics import MetricPoint

MetricName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Kind = Literal["epoch", "batch"]
Step = Annotated[int, Field(ge=0, lt=2**53), WHOLE]
Attempt = Annotated[int, Field(ge=0, lt=2**31 - 1), WHOLE]
Epoch = Annotated[int, Field(ge=0, lt=2**31 - 1), WHOLE]

EXAMPLE_COLUMNS: dict[str, Any] = {
    "job_id": "job_01JD5KA2R9C4H7V1M6T8E3W5BX",
    "state": "running",
    "cursor": 9,
    "kind": "epoch",
    "columns": {
        "step": [0, 1],
        "epoch": [0, 1],
        "recorded_at": [1768478401.2, 1768478402.1],
        "loss": [0.61, 0.35],
        "val_loss": [0.52, None],
    },
}
EXAMPLE_POINTS: dict[str, Any] = {
    "attempt": 1,
    "points": [
        {
            "kind": "epoch",
            "step": 0,
            "epoch": 0,
            "values": {"loss": 0.61, "acc": 0.83},
            "recorded_at": 1768478401.2,
        }
    ],
}


class Point(BaseModel):
    """What was measured at one epoch or batch."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Kind
    step: Step = Field(description="The epoch, or the batch counted over the whole run; from 0.")
    epoch: Epoch | None = None
    values: dict[MetricName, float] = Field(
        description="NaN, Infinity and -Infinity may stand as bare words.",
        json_schema_extra={"additionalProperties": False},
    )
    recorded_at: float = Field(description="Seconds since 1970 in UTC.", ge=0, lt=1e12, allow_inf_nan=False)

    def to_core(self) -> MetricPoint:
        """The point as the database takes it."""
        return MetricPoint(self.kind, self.step, self.epoch, self.values, self.recorded_at)


class PointsRequest(BaseModel):
    """Points from a worker, or from a run elsewhere."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": EXAMPLE_POINTS})

    attempt: Attempt | None = Field(
        default=None, description="Of the worker; left out by a run that trains elsewhere."
    )
    points: list[Point] = Field(max_length=10_000)


class RecordedView(BaseModel):
    """What became of the points."""

    recorded: int = Field(description="How many were new or had changed.")


class ColumnsView(BaseModel):
    """Metrics in columns; null where a step has no value, or where it did not change since the cursor."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_COLUMNS})

    job_id: str
    state: str
    cursor: int = Field(description="Send it as `since` to get only what came after.")
    kind: Kind
    columns: dict[str, list[Any]]

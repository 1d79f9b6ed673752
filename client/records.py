"""What the service answers, typed; fields that a newer service adds are kept as they come."""

import math
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

TERMINAL_STATES: Final = frozenset({"succeeded", "failed", "cancelled"})

_SPECIAL_NUMBERS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

Item = TypeVar("Item")


def read_number(value: float | str | None) -> float | None:
    """A metric's value: NaN and the infinities travel as text."""
    return _SPECIAL_NUMBERS.get(value) if isinstance(value, str) else value


def read_numbers(values: dict[str, float | str | None]) -> dict[str, float | None]:
    """Metrics by name as numbers."""
    return {name: read_number(value) for name, value in values.items()}


class Record(BaseModel):
    """Base of the answers."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())


class Page(Record, Generic[Item]):
    """One page of a list, newest first; `next` is the `after` of the following page."""

    data: list[Item]
    has_more: bool
    next: str | None = None


class ParameterCounts(Record):
    """Numbers of weights."""

    total: int
    trainable: int
    non_trainable: int


class Memory(Record):
    """What a training takes, roughly."""

    parameter_bytes: int
    activation_bytes_per_sample: int


class ModelInput(Record):
    """An input of a model; the first dimension of its shape is the batch."""

    name: str
    shape: list[int | None]
    dtype: str


class ModelOutput(Record):
    """An output of a model; the first dimension of its shape is the batch."""

    name: str
    shape: list[int | None]


class ModelLayer(Record):
    """A layer of a model: `output_shape` is a shape, or a list of them for several outputs."""

    name: str
    class_name: str
    output_shape: Any
    parameters: int
    inbound: list[str]


class Model(Record):
    """A model the service knows."""

    id: str
    name: str
    class_name: str
    keras_version: str | None = None
    created_at: datetime
    has_weights: bool
    parameters: ParameterCounts
    memory: Memory
    inputs: list[ModelInput]
    outputs: list[ModelOutput]
    layers: list[ModelLayer]
    summary: str


class Column(Record):
    """A column of a dataset; `shape` is that of one row."""

    name: str
    shape: list[int]
    dtype: str
    rows: int
    classes: dict[str, int] | None = None
    minimum: float | None = None
    maximum: float | None = None


class Dataset(Record):
    """A dataset the service keeps."""

    id: str
    name: str
    format: str
    sha256: str
    size_bytes: int
    rows: int
    columns: list[Column]
    created_at: datetime


class Preview(Record):
    """The first rows of a dataset, by column."""

    rows: int
    columns: dict[str, list[Any]]


class Best(Record):
    """The epoch of the least loss; the first is 0."""

    name: str
    value: float
    epoch: int


class Attempt(Record):
    """A worker's hold on a job; `outcome` is the state that the job came to, None while it lasts."""

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str | None = None
    reason: str | None = None


class Job(Record):
    """A training: asked for, under way or ended.

    Attributes:
        state: queued, starting, running, pausing, paused, succeeded, failed or cancelled.
        epoch: epochs that have ended, of `epochs`. progress: 0 to 1. metrics: values of the last epoch.
        best: the epoch of the least loss; only where a single job was asked for.
        error: `type`, `title`, `detail` and perhaps `traceback` of a failed job.
        attempts: who trained it and how that ended; only where a single job was asked for.
        queue_position: 1 is next; None when it does not wait. spec: the request as the service understood it.
    """

    id: str
    name: str | None = None
    state: str
    attempt: int
    model_id: str | None = None
    dataset_id: str | None = None
    external: bool = False
    tags: list[str] = []
    priority: int = 0
    epoch: int = 0
    epochs: int = 0
    progress: float = 0.0
    metrics: dict[str, float | None] = {}
    best: Best | None = None
    error: dict[str, Any] | None = None
    created_at: datetime
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    queue_timeout_seconds: float | None = None
    time_limit_seconds: float | None = None
    max_attempts: int | None = None
    cloned_from: str | None = None
    attempts: list[Attempt] | None = None
    queue_position: int | None = None
    links: dict[str, str] = {}
    spec: dict[str, Any] = {}

    @field_validator("metrics", mode="before")
    @classmethod
    def _read_metrics(cls, values: dict[str, float | str | None]) -> dict[str, float | None]:
        return read_numbers(values)

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.state in TERMINAL_STATES


class Metrics(Record):
    """Metrics of a job by column: `step`, `epoch`, `recorded_at` (Unix seconds) and one column a metric.

    `cursor` is the `since` that answers with what was written after this.
    """

    job_id: str
    cursor: int
    kind: str
    columns: dict[str, list[Any]]

    @property
    def names(self) -> list[str]:
        """Names of the metrics."""
        return [name for name in self.columns if name not in {"step", "epoch", "recorded_at"}]

    def __len__(self) -> int:
        return len(self.columns.get("step", []))

    def values(self, name: str) -> list[float | None]:
        """One metric as numbers; None where a step has no such value."""
        if name not in self.columns:
            raise KeyError(f"There is no metric {name!r}; there are: {', '.join(self.names) or 'none yet'}.")
        return [read_number(value) for value in self.columns[name]]


class Artifact(Record):
    """A file that a job left."""

    name: str
    size_bytes: int
    sha256: str
    media_type: str
    url: str


class Key(Record):
    """An API key, without its secret; `prefix` is what it begins with, after `kerasd_`."""

    id: str
    name: str
    prefix: str
    scope: str
    is_live: bool
    requests_per_minute: int | None = None
    max_body_bytes: int | None = None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    replaces: str | None = None


class NewKey(Key):
    """A new API key; `key` is the key itself, which is told this once and never printed with the record."""

    key: str = Field(repr=False)


class Project(Record):
    """A group of keys that see the same things."""

    id: str
    name: str


class OwnKey(Record):
    """The key that one sends."""

    id: str
    name: str


class Access(Record):
    """Who one is to the service; `key` is None where none was needed and none was sent."""

    project: Project
    scope: str
    key: OwnKey | None = None
    requests_per_minute: int | None = None
    max_body_bytes: int | None = None


class AuditEntry(Record):
    """One request that would change something, let in or refused."""

    id: str
    at: datetime
    key_id: str | None = None
    address: str
    method: str
    route: str
    object_id: str | None = None
    status: int
    request_id: str


class Worker(Record):
    """A worker and the jobs it runs: `running` of one's own project, `running_others` of other ones."""

    id: str
    hostname: str
    device: str | None = None
    slots: int = 1
    running: list[str] = []
    running_others: int = 0
    seen_at: datetime
    is_alive: bool = True

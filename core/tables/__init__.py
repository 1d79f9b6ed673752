"""The tables, a file each."""

from core.tables.artifacts import Artifact
from core.tables.attempts import Attempt
from core.tables.datasets import Dataset
from core.tables.duties import Duty
from core.tables.events import Event
from core.tables.idempotency_keys import IdempotencyKey
from core.tables.jobs import Job
from core.tables.metrics import Metric
from core.tables.models import Model
from core.tables.predictions import Prediction
from core.tables.workers import Worker

__all__ = [
    "Artifact",
    "Attempt",
    "Dataset",
    "Duty",
    "Event",
    "IdempotencyKey",
    "Job",
    "Metric",
    "Model",
    "Prediction",
    "Worker",
]

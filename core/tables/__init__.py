"""The tables, a file each."""

from core.tables.api_keys import ApiKey
from core.tables.artifacts import Artifact
from core.tables.attempts import Attempt
from core.tables.audit import AuditEntry
from core.tables.datasets import Dataset
from core.tables.duties import Duty
from core.tables.events import Event
from core.tables.idempotency_keys import IdempotencyKey
from core.tables.job_tags import JobTag
from core.tables.jobs import Job
from core.tables.metrics import Metric
from core.tables.models import Model
from core.tables.predictions import Prediction
from core.tables.projects import DEFAULT_PROJECT_ID, Project
from core.tables.workers import Worker

__all__ = [
    "DEFAULT_PROJECT_ID",
    "ApiKey",
    "Artifact",
    "Attempt",
    "AuditEntry",
    "Dataset",
    "Duty",
    "Event",
    "IdempotencyKey",
    "Job",
    "JobTag",
    "Metric",
    "Model",
    "Prediction",
    "Project",
    "Worker",
]

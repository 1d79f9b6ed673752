"""The states of a job and the moves between them, as data."""

from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL: Final = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
"""States in which a job has ended; one that failed or was cancelled leaves it by a retry alone."""

LEASED: Final = frozenset({JobState.STARTING, JobState.RUNNING, JobState.PAUSING})
"""States in which a worker holds the job (an external run is held by nobody here)."""

ALLOWED_MOVES: Final[frozenset[tuple[JobState, JobState]]] = frozenset(
    {
        (JobState.QUEUED, JobState.STARTING),
        (JobState.QUEUED, JobState.PAUSED),
        (JobState.QUEUED, JobState.FAILED),
        (JobState.QUEUED, JobState.CANCELLED),
        (JobState.STARTING, JobState.RUNNING),
        (JobState.STARTING, JobState.PAUSING),
        (JobState.STARTING, JobState.QUEUED),
        (JobState.STARTING, JobState.FAILED),
        (JobState.STARTING, JobState.CANCELLED),
        (JobState.RUNNING, JobState.PAUSING),
        (JobState.RUNNING, JobState.QUEUED),
        (JobState.RUNNING, JobState.SUCCEEDED),
        (JobState.RUNNING, JobState.FAILED),
        (JobState.RUNNING, JobState.CANCELLED),
        (JobState.PAUSING, JobState.PAUSED),
        (JobState.PAUSING, JobState.SUCCEEDED),
        (JobState.PAUSING, JobState.FAILED),
        (JobState.PAUSING, JobState.CANCELLED),
        (JobState.PAUSED, JobState.QUEUED),
        (JobState.PAUSED, JobState.CANCELLED),
        (JobState.FAILED, JobState.QUEUED),
        (JobState.CANCELLED, JobState.QUEUED),
    }
)


def sources_of(target: JobState) -> frozenset[JobState]:
    """The states from which a job may move to `target`."""
    return frozenset(source for source, to in ALLOWED_MOVES if to == target)

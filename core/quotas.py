"""Quotas: how much may be stored, and how many jobs may be under way; 0 is no limit."""

from typing import Final

from sqlalchemy import func, select, text, union
from sqlalchemy.orm import Session

from core.jobs.states import TERMINAL, JobState
from core.tables import Artifact, Dataset, Job, Model

_SIZES: Final = (
    (Dataset.sha256, Dataset.size_bytes),
    (Model.weights_sha256, Model.weights_bytes),
    (Artifact.sha256, Artifact.size_bytes),
)
_LOCK_NUMBER: Final = 0x71756F  # any number that every kerasd process agrees on


class QuotaError(Exception):
    """A quota has no room for what is asked.

    Args:
        setting: which quota.
        used: what counts towards it now.
        limit: what it allows.
    """

    def __init__(self, setting: str, used: int, limit: int, detail: str) -> None:
        super().__init__(detail)
        self.setting = setting
        self.used = used
        self.limit = limit


class StorageQuotaError(QuotaError):
    """The store may not grow by so much."""

    def __init__(self, size_bytes: int, used: int, limit: int) -> None:
        super().__init__(
            "max_stored_bytes",
            used,
            limit,
            f"It has {size_bytes} bytes, {used} are stored and {limit} are allowed (setting max_stored_bytes). "
            "Delete datasets or models that are no longer needed, or ask whoever runs the server to raise it.",
        )
        self.fits_never = size_bytes > limit


class JobQuotaError(QuotaError):
    """As many jobs are under way as may be."""

    def __init__(self, used: int, limit: int) -> None:
        super().__init__(
            "max_open_jobs",
            used,
            limit,
            f"{used} jobs are queued or running and {limit} may be (setting max_open_jobs). Try again when one "
            "has ended, or cancel one.",
        )


def count_stored_bytes(session: Session) -> int:
    """Bytes of all objects that datasets, weights and artifacts name, each counted once."""
    named = union(*(select(sha256, size) for sha256, size in _SIZES)).subquery()
    return int(session.scalar(select(func.sum(named.c[1]))) or 0)


def check_stored_bytes(session: Session, sha256: str, size_bytes: int, limit: int) -> None:
    """Refuse an object that the quota has no room for; one that is stored already takes none.

    Raises:
        StorageQuotaError: there is no room.
    """
    if not limit:
        return
    known = union(*(select(column).where(column == sha256) for column, _ in _SIZES))
    if session.execute(known).first() is not None:
        return
    used = count_stored_bytes(session)
    if used + size_bytes > limit:
        raise StorageQuotaError(size_bytes, used, limit)


def check_open_jobs(session: Session, limit: int) -> None:
    """Refuse the job that this transaction has queued where too many are queued or running by that.

    Runs that train elsewhere do not count. Call it as the last that locks anything: whoever waits for this lock
    may hold others.

    Raises:
        JobQuotaError: there are too many; the transaction is to be rolled back.
    """
    if not limit:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
    is_open = Job.state.not_in(sorted({*TERMINAL, JobState.PAUSED})) & Job.external.is_(False)
    used = session.scalar(select(func.count()).where(is_open)) or 0
    if used > limit:
        raise JobQuotaError(used - 1, limit)

"""Quotas: how much a project may store, and how many of its jobs may be under way; 0 is no limit."""

from typing import Final

from sqlalchemy import CompoundSelect, func, select, text, union
from sqlalchemy.orm import Session

from core.jobs.states import TERMINAL, JobState
from core.tables import Artifact, Dataset, Job, Model

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


def count_stored_bytes(session: Session, project_id: str) -> int:
    """Bytes of all objects that a project's datasets, weights and artifacts name, each counted once."""
    named = _select_sizes(project_id).subquery()
    return int(session.scalar(select(func.sum(named.c.size_bytes))) or 0)


def check_stored_bytes(session: Session, project_id: str, sha256: str, size_bytes: int, limit: int) -> None:
    """Refuse an object that the quota has no room for; one that the project has already takes none.

    That another project has the same bytes makes no difference, so that nobody learns of it.

    Raises:
        StorageQuotaError: there is no room.
    """
    if not limit:
        return
    named = _select_sizes(project_id).subquery()
    if session.execute(select(named.c.sha256).where(named.c.sha256 == sha256)).first() is not None:
        return
    used = count_stored_bytes(session, project_id)
    if used + size_bytes > limit:
        raise StorageQuotaError(size_bytes, used, limit)


def check_open_jobs(session: Session, project_id: str, limit: int) -> None:
    """Refuse the job that this transaction has queued where too many of its project are queued or running by that.

    Runs that train elsewhere do not count. Call it as the last that locks anything: whoever waits for this lock
    may hold others.

    Raises:
        JobQuotaError: there are too many; the transaction is to be rolled back.
    """
    if not limit:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
    is_open = Job.state.not_in(sorted({*TERMINAL, JobState.PAUSED})), Job.external.is_(False)
    used = session.scalar(select(func.count()).where(Job.project_id == project_id, *is_open)) or 0
    if used > limit:
        raise JobQuotaError(used - 1, limit)


def _select_sizes(project_id: str) -> CompoundSelect[tuple[str | None, int | None]]:
    """The digest and the size of each object that a project's rows name."""
    artifacts = select(Artifact.sha256, Artifact.size_bytes).join(Job, Job.id == Artifact.job_id)
    return union(
        select(Dataset.sha256.label("sha256"), Dataset.size_bytes.label("size_bytes")).where(
            Dataset.project_id == project_id
        ),
        select(Model.weights_sha256, Model.weights_bytes).where(Model.project_id == project_id),
        artifacts.where(Job.project_id == project_id),
    )

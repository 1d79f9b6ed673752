"""API keys: made, found, replaced and revoked here alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from core.access import credentials
from core.access.errors import AccessError
from core.access.scopes import Scope
from core.database import utc_now
from core.identifiers import new_id
from core.tables import ApiKey


@dataclass(frozen=True)
class Limits:
    """What bounds a key beside its scope; None is no bound of its own."""

    expires_at: datetime | None = None
    requests_per_minute: int | None = None
    max_body_bytes: int | None = None


def create_key(
    session: Session,
    project_id: str,
    name: str,
    scope: Scope,
    limits: Limits | None = None,
    *,
    replaces: str | None = None,
) -> tuple[ApiKey, str]:
    """Make a key. Returns: its row, and the key itself, which is kept nowhere."""
    key, prefix = credentials.make_key()
    limits = limits or Limits()
    row = ApiKey(
        id=new_id("key"),
        project_id=project_id,
        name=name,
        prefix=prefix,
        secret_sha256=credentials.hash_credential(key),
        scope=scope,
        requests_per_minute=limits.requests_per_minute,
        max_body_bytes=limits.max_body_bytes,
        created_at=utc_now(),
        expires_at=limits.expires_at,
        replaces=replaces,
    )
    session.add(row)
    session.flush()
    return row, key


def read_limits(row: ApiKey) -> Limits:
    """The limits of a key."""
    return Limits(row.expires_at, row.requests_per_minute, row.max_body_bytes)


def rotate_key(session: Session, row: ApiKey, overlap_seconds: float = 0) -> tuple[ApiKey, str]:
    """Replace a key by a new one with the same name, scope and limits.

    Args:
        session: an open session.
        row: the key.
        overlap_seconds: how long the old one is taken beside the new one.

    Returns: as of `create_key`.

    Raises:
        AccessError: the key is taken no more.
    """
    now = utc_now()
    if not is_live(row, now):
        raise AccessError(f"The key {row.id} was revoked or has expired; create a new one instead.")
    made = create_key(session, row.project_id, row.name, Scope(row.scope), read_limits(row), replaces=row.id)
    ends_at = now + timedelta(seconds=overlap_seconds)
    if overlap_seconds == 0:
        row.revoked_at = now
    elif row.expires_at is None or row.expires_at > ends_at:
        row.expires_at = ends_at
    return made


def revoke_key(row: ApiKey) -> None:
    """Take a key no more, from now on; twice is once."""
    row.revoked_at = row.revoked_at or utc_now()


def find_key(session: Session, key: str) -> ApiKey | None:
    """The row of a key that is still taken."""
    prefix = credentials.read_key_prefix(key)
    if prefix is None:
        return None
    row = session.scalars(select(ApiKey).where(ApiKey.prefix == prefix)).one_or_none()
    if row is None or not credentials.matches(key, row.secret_sha256) or not is_live(row, utc_now()):
        return None
    return row


def list_keys(session: Session, project_ids: Collection[str] | None = None) -> Sequence[ApiKey]:
    """The keys of these projects, or of all, newest first."""
    query = select(ApiKey).order_by(ApiKey.id.desc())
    if project_ids is not None:
        query = query.where(ApiKey.project_id.in_(project_ids))
    return session.scalars(query).all()


def has_live_admin_key(session: Session) -> bool:
    """Whether somebody could get in and let others in."""
    query = select(ApiKey.id).where(ApiKey.scope == Scope.ADMIN, *_live(utc_now())).limit(1)
    return session.scalar(query) is not None


def note_use(session: Session, key_id: str, used_at: datetime) -> None:
    """Write down when a key was used last."""
    is_older = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < used_at)
    session.execute(update(ApiKey).where(ApiKey.id == key_id, is_older).values(last_used_at=used_at))


def is_live(row: ApiKey, now: datetime) -> bool:
    """Whether a key is taken: neither revoked nor expired."""
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)


def _live(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)

"""Rules about keys: nobody hands on more than they have."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from api.access.principal import Principal
from api.access.repository import get_key, lock_key
from api.access.schemas import KeyRequest, view_key
from api.deps import ProjectDatabase
from api.errors import Fault, ProblemError, invalid
from core.access import keys
from core.access.errors import AccessError
from core.access.keys import Limits
from core.database import utc_now

Limit = TypeVar("Limit", int, datetime)


def create_key(database: ProjectDatabase, principal: Principal, request: KeyRequest) -> dict[str, Any]:
    """Make a key of the principal's project.

    Raises: ProblemError (403): with limits beyond its own. ProblemError (422): it would have expired already.
    """
    if request.expires_at is not None and request.expires_at <= utc_now():
        raise invalid([Fault(pointer="/expires_at", detail="must lie in the future")])
    with database.write() as session:
        limits = _bound(request.to_limits(), _read_own_limits(session, principal))
        row, key = keys.create_key(session, principal.project_id, request.name, request.scope, limits)
        return {**view_key(row), "key": key}


def rotate_key(
    database: ProjectDatabase, principal: Principal, key_id: str, overlap_seconds: float
) -> dict[str, Any]:
    """Replace a key by a new one.

    Raises: ProblemError (403): its limits are beyond the principal's own. ProblemError (409): it is taken no more.
    """
    with database.write() as session:
        row = lock_key(session, principal.project_id, key_id)
        own = _read_own_limits(session, principal)
        # Whoever rotates a key comes to hold it.
        if _bound(keys.read_limits(row), own) != keys.read_limits(row):
            raise _beyond(
                "", "the key has fewer limits than your own, so that you may revoke but not rotate it"
            )
        try:
            new, key = keys.rotate_key(session, row, overlap_seconds)
        except AccessError as exc:
            raise ProblemError(409, str(exc), name="key-not-live") from exc
        return {**view_key(new), "key": key}


def revoke_key(database: ProjectDatabase, principal: Principal, key_id: str) -> None:
    """Take a key no more; twice is once."""
    with database.write() as session:
        keys.revoke_key(lock_key(session, principal.project_id, key_id))


def _read_own_limits(session: Session, principal: Principal) -> Limits:
    if principal.key_id is None:
        return Limits()
    return keys.read_limits(get_key(session, principal.project_id, principal.key_id))


def _bound(asked: Limits, own: Limits) -> Limits:
    """The limits that are asked for, and those of the granter where none is."""
    return Limits(
        _bound_one("expires_at", asked.expires_at, own.expires_at),
        _bound_one("requests_per_minute", asked.requests_per_minute, own.requests_per_minute),
        _bound_one("max_body_bytes", asked.max_body_bytes, own.max_body_bytes),
    )


def _bound_one(name: str, asked: Limit | None, own: Limit | None) -> Limit | None:
    if asked is None or own is None:
        return own if asked is None else asked
    if asked > own:
        raise _beyond(f"/{name}", f"is at most {own}, as of your own key")
    return asked


def _beyond(pointer: str, detail: str) -> ProblemError:
    text = f"{pointer}: {detail}" if pointer else f"{detail[0].upper()}{detail[1:]}."
    return ProblemError(403, text, name="beyond-own-limits", pointer=pointer or None)

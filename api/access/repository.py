"""SQL about keys."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import not_found
from api.pagination import PageRequest, fetch_page
from core.tables import ApiKey


def get_key(session: Session, project_id: str, key_id: str) -> ApiKey:
    """Fetch a key of a project, or raise the 404."""
    query = select(ApiKey).where(ApiKey.id == key_id, ApiKey.project_id == project_id)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise not_found("key", key_id)
    return row


def lock_key(session: Session, project_id: str, key_id: str) -> ApiKey:
    """Fetch a key that nobody else changes until the transaction ends; or raise the 404."""
    row = get_key(session, project_id, key_id)
    session.refresh(row, with_for_update=True)
    return row


def list_keys(session: Session, project_id: str, page: PageRequest) -> tuple[list[ApiKey], bool]:
    """Fetch one page of a project's keys, newest first."""
    return fetch_page(session, select(ApiKey).where(ApiKey.project_id == project_id), ApiKey.id, page)

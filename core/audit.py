"""The audit log's end: entries are kept for some days."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.tables import AuditEntry


def discard_old_entries(session: Session, now: datetime, days: float) -> None:
    """Remove the entries older than so many days; 0 keeps all."""
    if days:
        session.execute(delete(AuditEntry).where(AuditEntry.at < now - timedelta(days=days)))

"""The audit log: who asked for which change, and what became of it."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime


class AuditEntry(Base):
    """One request that would change something, let in or refused.

    No foreign keys: what is told here stays true when the project, the key or the object is gone.
    """

    __tablename__ = "audit"

    id: Mapped[str] = mapped_column(String(30), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    project_id: Mapped[str | None] = mapped_column(String(30), index=True)
    """None: it was refused before anybody knew whose it was."""
    key_id: Mapped[str | None] = mapped_column(String(30))
    """None: no key was needed, or the token of the job `object_id` was used, or it was refused."""
    address: Mapped[str] = mapped_column(String(100))
    method: Mapped[str] = mapped_column(String(20))
    route: Mapped[str] = mapped_column(String(200))
    object_id: Mapped[str | None] = mapped_column(String(30))
    """What was made or asked for."""
    status: Mapped[int]
    request_id: Mapped[str] = mapped_column(String(64))

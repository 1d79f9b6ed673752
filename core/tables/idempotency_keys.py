"""Idempotency keys: the answer that a repeated request gets again."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime, utc_now
from core.tables.projects import DEFAULT_PROJECT_ID


class IdempotencyKey(Base):
    """What was answered to the first request with this key on this route."""

    __tablename__ = "idempotency_keys"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id"), primary_key=True, server_default=DEFAULT_PROJECT_ID
    )
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    route: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_sha256: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    """Null while the first request is still being answered."""
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)

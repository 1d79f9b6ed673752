"""API keys: what lets a caller in, and how far."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime, utc_now


class ApiKey(Base):
    """A key of a project; `core.access.keys` alone writes it."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(30), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(8), unique=True)
    """What of the key is shown in lists, and finds its row."""
    secret_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the whole key; the key itself is kept nowhere."""
    scope: Mapped[str] = mapped_column(String(10))
    """read, submit or admin."""
    requests_per_minute: Mapped[int | None]
    """None: the service's setting."""
    max_body_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """None: the service's settings."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Told to the minute."""
    replaces: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id"))
    """The key that was rotated to make this one."""

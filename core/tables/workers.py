"""Workers: the processes that train, as they last reported themselves."""

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime, utc_now


class Worker(Base):
    """A worker process."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    hostname: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int]
    device: Mapped[str] = mapped_column(String(100))
    slots: Mapped[int]
    running: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Identifiers of the jobs it trains now."""
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

"""Duties: work that one of all processes does, now and then."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime


class Duty(Base):
    """When a duty is due again; whoever takes it on moves that moment."""

    __tablename__ = "duties"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)

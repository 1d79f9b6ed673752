"""Projects: who shares models, datasets and jobs."""

from datetime import datetime
from typing import Final

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime, utc_now

DEFAULT_PROJECT_ID: Final = "prj_00000000000000000000000000"
"""The project `default`, which the migrations make; requests without a key belong to it."""


class Project(Base):
    """A group of keys that see the same things, and nothing of other projects."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

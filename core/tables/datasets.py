"""Datasets: an uploaded file and the columns found in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime, utc_now
from core.tables.projects import DEFAULT_PROJECT_ID


class Dataset(Base):
    """A dataset that was accepted."""

    __tablename__ = "datasets"
    __table_args__ = (Index(None, "project_id", "id"),)

    id: Mapped[str] = mapped_column(String(30), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), server_default=DEFAULT_PROJECT_ID)
    name: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(20))
    """npz, npy, hdf5, csv, parquet or images."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    """Names the object with the file."""
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(BigInteger)
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Of each column: name, shape without rows, dtype, rows, classes, minimum, maximum."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

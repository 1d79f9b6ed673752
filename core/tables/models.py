"""Models: a definition as Keras prints it, and the digest of its weights if it came with any."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime, utc_now
from core.tables.projects import DEFAULT_PROJECT_ID


class Model(Base):
    """A model that was accepted."""

    __tablename__ = "models"
    __table_args__ = (Index(None, "project_id", "id"),)

    id: Mapped[str] = mapped_column(String(30), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), server_default=DEFAULT_PROJECT_ID)
    name: Mapped[str] = mapped_column(String(200))
    class_name: Mapped[str] = mapped_column(String(200))
    keras_version: Mapped[str | None] = mapped_column(String(50))
    backend: Mapped[str | None] = mapped_column(String(50))
    definition: Mapped[str] = mapped_column(Text)
    """Normalised JSON text."""
    definition_sha256: Mapped[str] = mapped_column(String(64), index=True)
    weights_sha256: Mapped[str | None] = mapped_column(String(64))
    """Names the object with the weights as Keras 2 HDF5."""
    weights_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Size of that object; none for weights from before it was written down."""
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Layers, inputs, outputs and parameter counts."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

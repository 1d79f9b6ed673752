"""Tags of jobs, by which jobs are found."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base


class JobTag(Base):
    """A tag of a job. The database itself fills the table, from the tags of each new job."""

    __tablename__ = "job_tags"
    __table_args__ = (Index(None, "job_id"),)

    project_id: Mapped[str] = mapped_column(String(30), primary_key=True)
    """The job's, so that one index leads to a project's newest jobs of a tag."""
    tag: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)

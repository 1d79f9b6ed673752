"""SQL about artifacts."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import ProblemError
from core.tables import Artifact


def list_artifacts(session: Session, job_id: str) -> Sequence[Artifact]:
    """The files of a job by name."""
    return session.scalars(select(Artifact).where(Artifact.job_id == job_id).order_by(Artifact.name)).all()


def get_artifact(session: Session, job_id: str, name: str) -> Artifact:
    """Fetch a file of a job, or raise the 404 that lists those there are."""
    artifact = session.get(Artifact, (job_id, name))
    if artifact is None:
        names = ", ".join(known.name for known in list_artifacts(session, job_id)) or "none yet"
        raise ProblemError(
            404, f"Job {job_id} has no artifact {name!r}. It has: {names}.", name="no-such-artifact"
        )
    return artifact

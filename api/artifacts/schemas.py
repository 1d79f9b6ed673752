"""What the API says about artifacts."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from core.tables import Artifact

EXAMPLE_ARTIFACTS: dict[str, Any] = {
    "data": [
        {
            "name": "model.h5",
            "size_bytes": 45080,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "media_type": "application/x-hdf5",
            "url": "/v1/jobs/job_01JD5KA2R9C4H7V1M6T8E3W5BX/artifacts/model.h5",
        }
    ]
}


class ArtifactView(BaseModel):
    """A file that a job hands back."""

    name: str
    size_bytes: int
    sha256: str
    media_type: str
    url: str


class ArtifactsView(BaseModel):
    """All files of a job."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_ARTIFACTS})

    data: list[ArtifactView]


def view_artifact(artifact: Artifact) -> dict[str, Any]:
    """The artifact as the API shows it."""
    return {
        "name": artifact.name,
        "size_bytes": artifact.size_bytes,
        "sha256": artifact.sha256,
        "media_type": artifact.media_type,
        "url": f"/v1/jobs/{artifact.job_id}/artifacts/{artifact.name}",
    }

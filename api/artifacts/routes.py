"""Addresses of artifacts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParameter
from starlette.responses import FileResponse, Response

from api.artifacts.repository import get_artifact, list_artifacts
from api.artifacts.schemas import ArtifactsView, view_artifact
from api.deps import DatabaseDep, StoreDep
from api.errors import documented
from api.jobs.repository import get_job
from api.names import NAME_PATTERN, JobId
from api.responses import REVALIDATED, JsonResponse, matches_etag, not_modified
from core.tables import Artifact

router = APIRouter(prefix="/v1/jobs/{job_id}/artifacts", tags=["artifacts"])

ArtifactName = Annotated[str, PathParameter(pattern=NAME_PATTERN)]

_FILE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/x-hdf5": {"schema": {"type": "string", "format": "binary"}},
            "text/csv": {"schema": {"type": "string"}},
            "text/plain": {"schema": {"type": "string"}},
        }
    },
    206: {"description": "A part, as the header Range asked for."},
    304: {"description": "The caller has it."},
}


@dataclass(frozen=True)
class _File:
    artifact: Artifact
    path: Path


def _open_artifact(
    job_id: JobId, name: ArtifactName, database: DatabaseDep, store: StoreDep
) -> Iterator[_File]:
    """The artifact as a local file, which stays until the answer was sent."""
    with database.read() as session:
        get_job(session, database.project_id, job_id)
        artifact = get_artifact(session, job_id, name)
    with store.local_path(artifact.sha256) as path:
        yield _File(artifact, path)


@router.get("", response_model=ArtifactsView, responses=documented(404))
def show_artifacts(job_id: JobId, database: DatabaseDep) -> Response:
    """List the files a job hands back."""
    with database.read() as session:
        get_job(session, database.project_id, job_id)
        artifacts = list_artifacts(session, job_id)
    return JsonResponse({"data": [view_artifact(artifact) for artifact in artifacts]})


@router.get(
    "/{name}",
    response_model=None,
    response_class=FileResponse,
    responses={**_FILE_ANSWER, **documented(404)},
)
def download_artifact(request: Request, file: Annotated[_File, Depends(_open_artifact)]) -> Response:
    """Download a file: model.h5, weights.h5, best.h5, history.csv or summary.txt."""
    artifact = file.artifact
    etag = f'"{artifact.sha256}"'
    if matches_etag(request.headers, etag):
        return not_modified(etag)
    headers = {"ETag": etag, "Cache-Control": REVALIDATED}
    return FileResponse(file.path, headers=headers, media_type=artifact.media_type, filename=artifact.name)

"""Rules about datasets: a file becomes one only when every column of it can be read."""

from starlette.responses import Response

from api.datasets.repository import get_dataset, is_dataset_used, lock_dataset
from api.datasets.schemas import view_dataset
from api.deps import ProjectDatabase
from api.errors import Fault, ProblemError, invalid
from api.idempotency import IdempotentRequest, hash_request
from api.names import make_name
from api.objects import discard_unreferenced, keep_object
from api.plain import check_plain
from api.responses import JsonResponse
from api.uploads import Upload
from core.datasets import DatasetDescription, Limits, inspect_file, preview
from core.identifiers import new_id
from core.settings import Settings
from core.storage import ObjectStore
from core.tables import Dataset


def create_dataset(
    database: ProjectDatabase,
    store: ObjectStore,
    settings: Settings,
    upload: Upload,
    name: str | None,
    file_format: str | None,
    idempotent: IdempotentRequest,
) -> Response:
    """Check an uploaded file and keep it.

    Raises: DatasetError: the file cannot be read as a dataset; nothing is kept.
    """
    digest = hash_request(upload.sha256, name, file_format)
    with database.read() as session:
        kept = idempotent.find_answer(session, digest)
    if kept is not None:
        return kept
    description = _inspect(upload, settings, file_format)
    row = Dataset(
        id=new_id("dst"),
        project_id=database.project_id,
        name=name or make_name(upload.filename.partition(".")[0], "dataset"),
        format=description.format,
        sha256=upload.sha256,
        size_bytes=upload.size_bytes,
        rows=description.rows,
        columns=[column.to_json() for column in description.columns],
    )
    with keep_object(database, store, upload.path, upload.sha256, settings.max_stored_bytes) as session:
        if (kept := idempotent.reserve(session, digest)) is not None:
            return kept
        session.add(row)
        session.flush()
        response = JsonResponse(view_dataset(row), 201, {"Location": f"/v1/datasets/{row.id}"})
        idempotent.keep_answer(session, response)
    return response


def _inspect(upload: Upload, settings: Settings, file_format: str | None) -> DatasetDescription:
    if upload.size_bytes == 0:
        detail = "the body is empty; send the file as the body, or in the field 'file' of a multipart form"
        raise invalid([Fault(pointer="", detail=detail)])
    description = inspect_file(upload.path, _limits(settings), file_format)
    check_plain([column.to_json() for column in description.columns])
    return description


def preview_dataset(
    database: ProjectDatabase, store: ObjectStore, settings: Settings, dataset_id: str, rows: int
) -> dict[str, object]:
    """Read the first rows of a dataset."""
    with database.read() as session:
        dataset = get_dataset(session, database.project_id, dataset_id)
    with store.local_path(dataset.sha256) as path:
        columns = preview(path, dataset.format, rows, _limits(settings))
    return {"id": dataset.id, "rows": min(rows, dataset.rows), "columns": columns}


def _limits(settings: Settings) -> Limits:
    return Limits(
        settings.max_decompressed_bytes,
        read_seconds=settings.max_read_seconds,
        read_memory_bytes=settings.max_read_memory_bytes,
    )


def delete_dataset(database: ProjectDatabase, store: ObjectStore, dataset_id: str) -> None:
    """Delete a dataset that no job uses.

    Raises: ProblemError (409): a job uses it.
    """
    with database.write() as session:
        dataset = lock_dataset(session, database.project_id, dataset_id)
        if is_dataset_used(session, dataset_id):
            raise ProblemError(409, f"Jobs use the dataset {dataset_id}, so it stays.", name="dataset-in-use")
        session.delete(dataset)
    discard_unreferenced(database, store, dataset.sha256)

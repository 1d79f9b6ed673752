"""Addresses of datasets."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.datasets import service
from api.datasets.repository import get_dataset, list_datasets
from api.datasets.schemas import DatasetView, PreviewView, view_dataset
from api.deps import DatabaseDep, SettingsDep, StoreDep
from api.errors import documented
from api.idempotency import IdempotencyDep
from api.names import DatasetId, Name
from api.pagination import Page, PageDep, make_page
from api.responses import JsonResponse
from api.uploads import UploadDep

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])

Format = Literal["npz", "npy", "hdf5", "csv", "parquet", "images"]

_UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, or a multipart form with the file in the field `file`.",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "text/csv": {"schema": {"type": "string"}, "example": "height,width,label\n1.5,2.0,cat\n"},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                },
                "example": {"file": "digits.npz"},
            },
        },
    }
}


@router.post(
    "",
    status_code=201,
    response_model=DatasetView,
    openapi_extra=_UPLOAD_BODY,
    responses=documented(413, 422, 507),
)
def create_dataset(
    upload: UploadDep,
    database: DatabaseDep,
    store: StoreDep,
    settings: SettingsDep,
    idempotent: IdempotencyDep,
    name: Annotated[Name | None, Query(description="Default: the file's name.")] = None,
    file_format: Annotated[
        Format | None, Query(alias="format", description="Default: told from the bytes.")
    ] = None,
) -> Response:
    """Upload a dataset: .npz, .npy, HDF5, CSV, Parquet, or a zip of folders of images, one folder a class."""
    return service.create_dataset(database, store, settings, upload, name, file_format, idempotent)


@router.get("", response_model=Page[DatasetView])
def show_datasets(database: DatabaseDep, page: PageDep) -> Response:
    """List datasets, newest first."""
    with database.read() as session:
        datasets, has_more = list_datasets(session, database.project_id, page)
    return JsonResponse(make_page([view_dataset(dataset) for dataset in datasets], has_more))


@router.get("/{dataset_id}", response_model=DatasetView, responses=documented(404))
def show_dataset(dataset_id: DatasetId, database: DatabaseDep) -> Response:
    """Get a dataset with its columns."""
    with database.read() as session:
        return JsonResponse(view_dataset(get_dataset(session, database.project_id, dataset_id)))


@router.get("/{dataset_id}/preview", response_model=PreviewView, responses=documented(404))
def preview_dataset(
    dataset_id: DatasetId,
    database: DatabaseDep,
    store: StoreDep,
    settings: SettingsDep,
    rows: Annotated[int, Query(ge=1, le=100)] = 5,
) -> Response:
    """Get the first rows of a dataset."""
    return JsonResponse(service.preview_dataset(database, store, settings, dataset_id, rows))


@router.delete("/{dataset_id}", status_code=204, responses=documented(404, 409))
def delete_dataset(dataset_id: DatasetId, database: DatabaseDep, store: StoreDep) -> Response:
    """Delete a dataset that no job uses."""
    service.delete_dataset(database, store, dataset_id)
    return Response(status_code=204)

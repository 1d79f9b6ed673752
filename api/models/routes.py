"""Addresses of models."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.deps import DatabaseDep, SettingsDep, StoreDep
from api.errors import documented
from api.idempotency import IdempotencyDep
from api.models import service
from api.models.repository import get_model, list_models
from api.models.schemas import EXAMPLE_DEFINITION, ModelView, view_model
from api.names import ModelId, Name
from api.pagination import Page, PageDep, make_page
from api.responses import JsonResponse
from api.uploads import UploadDep

router = APIRouter(prefix="/v1/models", tags=["models"])

_YAML_EXAMPLE = """\
class_name: Sequential
config:
- class_name: Dense
  config: {units: 10, batch_input_shape: [null, 64]}
"""
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_MODEL_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "What `to_json()` or `to_yaml()` returns, or a file that `save()` wrote.",
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": EXAMPLE_DEFINITION},
            "application/yaml": {
                "schema": {"type": "string"},
                "example": _YAML_EXAMPLE,
            },
            "application/octet-stream": _BINARY,
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "definition": {"type": "string", "description": "For a file with weights alone."},
                    },
                },
                "example": {"file": "weights.h5", "definition": "{...}"},
            },
        },
    }
}


@router.post(
    "",
    status_code=201,
    response_model=ModelView,
    openapi_extra=_MODEL_BODY,
    responses=documented(400, 413, 422, 507),
)
def create_model(
    upload: UploadDep,
    database: DatabaseDep,
    store: StoreDep,
    settings: SettingsDep,
    idempotent: IdempotencyDep,
    name: Annotated[Name | None, Query(description="Default: the model's own name.")] = None,
) -> Response:
    """Send a model: JSON, YAML, or HDF5 with weights. A 422 names the layer that is wrong."""
    return service.create_model(database, store, settings, upload, name, idempotent)


@router.get("", response_model=Page[ModelView])
def show_models(database: DatabaseDep, page: PageDep) -> Response:
    """List models, newest first."""
    with database.read() as session:
        models, has_more = list_models(session, database.project_id, page)
    return JsonResponse(make_page([view_model(model) for model in models], has_more))


@router.get("/{model_id}", response_model=ModelView, responses=documented(404))
def show_model(model_id: ModelId, database: DatabaseDep) -> Response:
    """Get a model with its layers, shapes, parameters and memory estimate."""
    with database.read() as session:
        return JsonResponse(view_model(get_model(session, database.project_id, model_id)))


@router.get(
    "/{model_id}/definition",
    responses={200: {"content": {"application/json": {"example": EXAMPLE_DEFINITION}}}, **documented(404)},
)
def show_definition(model_id: ModelId, database: DatabaseDep) -> Response:
    """Get the definition as Keras 2 JSON; `model_from_json` takes it."""
    with database.read() as session:
        return Response(
            get_model(session, database.project_id, model_id).definition, media_type="application/json"
        )


@router.delete("/{model_id}", status_code=204, responses=documented(404, 409))
def delete_model(model_id: ModelId, database: DatabaseDep, store: StoreDep) -> Response:
    """Delete a model that no job uses."""
    service.delete_model(database, store, model_id)
    return Response(status_code=204)

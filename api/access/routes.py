"""Addresses of keys, and of who one is."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from starlette.responses import Response

from api.access import service
from api.access.principal import PrincipalDep
from api.access.repository import get_key, list_keys
from api.access.schemas import (
    AccessView,
    KeyRequest,
    KeyView,
    NewKeyView,
    RotationRequest,
    view_access,
    view_key,
)
from api.deps import DatabaseDep
from api.errors import documented
from api.names import KeyId
from api.pagination import Page, PageDep, make_page
from api.responses import JsonResponse
from core.tables import Project

router = APIRouter(prefix="/v1", tags=["access"])

_ROTATION_EXAMPLES: dict[str, Any] = {
    "overlap": {"summary": "The old key is taken for another hour", "value": {"overlap_seconds": 3600}},
}


@router.get("/access", response_model=AccessView)
def show_access(principal: PrincipalDep, database: DatabaseDep) -> Response:
    """Tell whose key you send, and what it allows."""
    with database.read() as session:
        project = session.get_one(Project, principal.project_id)
    return JsonResponse(view_access(principal, project))


@router.post("/keys", status_code=201, response_model=NewKeyView, responses=documented(422))
def create_key(request: KeyRequest, principal: PrincipalDep, database: DatabaseDep) -> Response:
    """Make a key of your project; the answer holds it this once, so that there is no Idempotency-Key."""
    view = service.create_key(database, principal, request)
    return JsonResponse(view, 201, {"Location": f"/v1/keys/{view['id']}"})


@router.get("/keys", response_model=Page[KeyView])
def show_keys(database: DatabaseDep, page: PageDep) -> Response:
    """List your project's keys, newest first."""
    with database.read() as session:
        rows, has_more = list_keys(session, database.project_id, page)
    return JsonResponse(make_page([view_key(row) for row in rows], has_more))


@router.get("/keys/{key_id}", response_model=KeyView, responses=documented(404))
def show_key(key_id: KeyId, database: DatabaseDep) -> Response:
    """Get a key, without its secret."""
    with database.read() as session:
        return JsonResponse(view_key(get_key(session, database.project_id, key_id)))


@router.post(
    "/keys/{key_id}/rotate", status_code=201, response_model=NewKeyView, responses=documented(404, 409, 422)
)
def rotate_key(
    key_id: KeyId,
    principal: PrincipalDep,
    database: DatabaseDep,
    request: Annotated[RotationRequest | None, Body(openapi_examples=_ROTATION_EXAMPLES)] = None,
) -> Response:
    """Replace a key by a new one with the same name, scope and limits."""
    overlap_seconds = request.overlap_seconds if request is not None else 0.0
    view = service.rotate_key(database, principal, key_id, overlap_seconds)
    return JsonResponse(view, 201, {"Location": f"/v1/keys/{view['id']}"})


@router.delete("/keys/{key_id}", status_code=204, responses=documented(404))
def revoke_key(key_id: KeyId, principal: PrincipalDep, database: DatabaseDep) -> Response:
    """Revoke a key; servers take it no more within seconds."""
    service.revoke_key(database, principal, key_id)
    return Response(status_code=204)

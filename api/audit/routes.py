"""Addresses of the audit log."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import ColumnElement, select
from starlette.responses import Response

from api.access.principal import PrincipalDep
from api.audit.schemas import AuditView, view_entry
from api.deps import DatabaseDep
from api.moments import Moment
from api.pagination import Page, PageDep, fetch_page, make_page
from api.responses import JsonResponse
from core.tables import AuditEntry

router = APIRouter(prefix="/v1/audit", tags=["access"])

Id = Annotated[str | None, Query(pattern=r"^[a-z]{3}_[0-9A-Z]{26}$")]
Bound = Annotated[Moment | None, Query()]


@router.get("", response_model=Page[AuditView])
def show_audit(
    principal: PrincipalDep,
    database: DatabaseDep,
    page: PageDep,
    key_id: Id = None,
    object_id: Id = None,
    method: Annotated[str | None, Query(pattern=r"^[A-Z]{1,20}$")] = None,
    status: Annotated[int | None, Query(ge=100, le=599)] = None,
    since: Bound = None,
    until: Bound = None,
) -> Response:
    """List what was asked for in this project, newest first; also what was refused."""
    given = {"key_id": key_id, "object_id": object_id, "method": method, "status": status}
    query = select(AuditEntry).where(AuditEntry.project_id == principal.project_id)
    query = query.filter_by(**{name: value for name, value in given.items() if value is not None})
    query = query.where(*_between(since, until))
    with database.read() as session:
        entries, has_more = fetch_page(session, query, AuditEntry.id, page)
    return JsonResponse(make_page([view_entry(entry) for entry in entries], has_more))


def _between(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    bounds: list[ColumnElement[bool]] = []
    if since is not None:
        bounds.append(AuditEntry.at >= since)
    if until is not None:
        bounds.append(AuditEntry.at < until)
    return bounds

"""Addresses of metrics.

They are the ones asked for most often, and take what they need from the request itself: each dependency that FastAPI
looks up would cost as much as a query.
"""

import json
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.deps import Database
from api.errors import ProblemError, documented
from api.metrics import service
from api.metrics.cache import Cache
from api.metrics.histories import Histories
from api.metrics.repository import read_points, read_standing
from api.metrics.schemas import ColumnsView, Kind, PointsRequest, RecordedView
from api.names import JobId
from api.responses import REVALIDATED, JsonResponse, encode_json, matches_etag, not_modified

router = APIRouter(prefix="/v1/jobs/{job_id}", tags=["metrics"])


_PUBLISH_EXAMPLE = {"epoch": 0, "loss": 0.61, "acc": 0.83}
_PUBLISH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["data"],
                    "properties": {"data": {"type": "string"}},
                },
                "example": {"data": json.dumps(_PUBLISH_EXAMPLE)},
            },
            "application/json": {"schema": {"type": "object"}, "example": _PUBLISH_EXAMPLE},
        },
    }
}
_CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"example": "step,epoch,recorded_at,loss\r\n0,0,1768478401.2,0.61\r\n"}}},
    304: {"description": "Nothing changed since the ETag."},
}


@router.get("/metrics", response_model=ColumnsView, responses={**_CSV_ANSWER, **documented(404)})
def show_metrics(
    job_id: JobId,
    request: Request,
    since: Annotated[int, Query(ge=0, lt=2**63, description="The `cursor` of the answer before.")] = 0,
    names: Annotated[
        str | None, Query(description="Only these, with commas between.", pattern=r"^[^\x00-\x1f\x7f]+$")
    ] = None,
    kind: Kind = "epoch",
    form: Annotated[Literal["json", "csv"] | None, Query(alias="format")] = None,
) -> Response:
    """Get metrics as columns, all of them or what came since a cursor; as JSON or CSV."""
    is_csv = form == "csv" or (form is None and "text/csv" in request.headers.get("accept", ""))
    database: Database = request.app.state.database
    answers: Cache[bytes] = request.app.state.metrics_answers
    histories: Histories = request.app.state.histories
    with database.read_rows() as connection:
        standing = read_standing(connection, request.state.principal.project_id, job_id)
        cursor = standing.cursor
        etag = f'"{cursor}-{"csv" if is_csv else "json"}"'
        if matches_etag(request.headers, etag):
            return not_modified(etag)
        key = (job_id, cursor, since, kind, names, is_csv)
        body = answers.get(key)
        if body is None:
            wanted = names.split(",") if names else None
            if since:
                points = read_points(connection, job_id, since, kind, wanted)
            else:
                points = histories.read(connection, job_id, standing, kind, wanted)
            columns = points.to_columns()
            answer = {
                "job_id": job_id,
                "state": standing.state,
                "cursor": cursor,
                "kind": kind,
                "columns": columns,
            }
            body = service.make_csv(columns).encode() if is_csv else encode_json(answer)
            answers.keep(key, body, len(body))
    headers = {"ETag": etag, "Cache-Control": REVALIDATED, "Vary": "Accept"}
    if is_csv:
        headers["Content-Disposition"] = f'attachment; filename="{job_id}-{kind}.csv"'
    return Response(body, headers=headers, media_type="text/csv" if is_csv else "application/json")


@router.post("/metrics", response_model=RecordedView, responses=documented(404, 409, 413, 422))
async def record_metrics(job_id: JobId, points: PointsRequest, request: Request) -> Response:
    """Report points; a repeat changes nothing. A stale attempt gets 409 and must stop."""
    project_id = request.state.principal.project_id
    recorded = await service.record_points(request.app.state.ingest, project_id, job_id, points)
    return JsonResponse({"recorded": recorded})


async def _read_published(request: Request) -> Any:
    """The JSON of RemoteMonitor: in a form field, or as the body (`send_as_json=True`)."""
    body = await request.body()
    try:
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            fields = parse_qs(body.decode(), max_num_fields=100)
            # The field's name is a setting of RemoteMonitor; `data` is its default.
            values = fields.get("data") or next(iter(fields.values()), [""])
            body = values[0].encode()
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise ProblemError(400, f"The body holds no JSON: {exc}", name="invalid-json", pointer="") from exc


@router.post(
    "/publish/epoch/end/",
    response_model=RecordedView,
    openapi_extra=_PUBLISH_BODY,
    responses=documented(400, 404, 409, 422),
)
async def publish_epoch_end(job_id: JobId, request: Request) -> Response:
    """Take an epoch from stock Keras: `RemoteMonitor(root="http://host:8000/v1/jobs/<id>")`."""
    payload = await _read_published(request)
    project_id = request.state.principal.project_id
    recorded = await service.publish_epoch(request.app.state.ingest, project_id, job_id, payload)
    return JsonResponse({"recorded": recorded})

"""Every error answer of the API: application/problem+json as RFC 9457 has it."""

import errno
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from core.datasets import DatasetError
from core.jobs.errors import (
    ExternalRunError,
    IllegalMoveError,
    JobError,
    JobNotFoundError,
    StaleAttemptError,
)
from core.quotas import JobQuotaError, QuotaError, StorageQuotaError
from core.storage import StorageAwayError, StorageFullError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
PROBLEM_REFERENCE = {"$ref": "#/components/schemas/Problem"}
_RETRY_JOB_SECONDS = 30
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
PARAMETER_PLACES = {"query", "path", "header", "cookie"}


def _write_out(text: Any) -> Any:
    """Half a pair of surrogates, which JSON can name and UTF-8 cannot hold, is written as its escape."""
    return text.encode("utf-8", "backslashreplace").decode() if isinstance(text, str) else text


Words = Annotated[str, BeforeValidator(_write_out)]


class Fault(BaseModel):
    """One wrong place of a request."""

    pointer: Words | None = Field(default=None, description="JSON pointer (RFC 6901) into the request body.")
    parameter: Words | None = Field(default=None, description="Name of the query, path or header parameter.")
    detail: Words


class Problem(BaseModel):
    """A problem as RFC 9457 defines it, with the places that are wrong."""

    type: str
    title: str
    status: int
    detail: Words
    pointer: Words | None = None
    errors: list[Fault] | None = None


class ProblemError(HTTPException):
    """An answer that says no: what was wrong, where, what was found and what to do.

    Args:
        status: HTTP status code.
        detail: the sentence for the reader.
        name: last part of the problem's type.
        pointer: JSON pointer into the request body.
        errors: all wrong places where there are several.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        name: str | None = None,
        pointer: str | None = None,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.name = name
        self.pointer = pointer
        self.errors = list(errors)

    def describe(self) -> dict[str, Any]:
        """The problem as a JSON object."""
        title = HTTPStatus(self.status_code).phrase
        problem = Problem(
            type=f"urn:kerasd:problem:{self.name or title.lower().replace(' ', '-')}",
            title=title,
            status=self.status_code,
            detail=str(self.detail),
            pointer=self.pointer,
            errors=self.errors or None,
        )
        return problem.model_dump(exclude_none=True)

    def pack(self) -> dict[str, Any]:
        """Plain JSON data to make it of again in another process."""
        return {
            "status": self.status_code,
            "detail": str(self.detail),
            "name": self.name,
            "pointer": self.pointer,
            "errors": [fault.model_dump() for fault in self.errors],
        }

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> "ProblemError":
        """Make again what `pack` told."""
        return cls(**{**packed, "errors": [Fault(**fault) for fault in packed["errors"]]})

    def respond(self) -> Response:
        """The problem as an HTTP answer."""
        return Response(
            orjson.dumps(self.describe()), self.status_code, dict(self.headers or {}), media_type=MEDIA_TYPE
        )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for the OpenAPI document."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": PROBLEM_REFERENCE}},
        }
        for status in statuses
    }


def not_found(kind: str, identifier: str) -> ProblemError:
    """The 404 for an object that is not there."""
    return ProblemError(404, f"There is no {kind} with the id {identifier!r}.", name=f"no-such-{kind}")


def invalid(faults: Sequence[Fault]) -> ProblemError:
    """The 422 for one or more wrong places of a request body."""
    first = faults[0]
    more = f" ({len(faults) - 1} more in errors)" if len(faults) > 1 else ""
    detail = f"{first.pointer or first.parameter or 'body'}: {first.detail}{more}"
    return ProblemError(422, detail, name="invalid-request", pointer=first.pointer, errors=faults)


def pointer_to(*parts: str | int) -> str:
    """The JSON pointer (RFC 6901) that leads through the given keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def describe_validation_error(error: Mapping[str, Any]) -> Fault:
    """Tell one of pydantic's errors with a pointer or the parameter's name."""
    place, *rest = error["loc"] or ("body",)
    detail = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] not in {"missing", "value_error", "extra_forbidden"}:
        detail += f". Received: {_abbreviate(error.get('input'))}"
    if place in PARAMETER_PLACES:
        return Fault(parameter=str(rest[-1]) if rest else str(place), detail=detail)
    return Fault(pointer=pointer_to(*rest), detail=detail)


def _abbreviate(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _from_validation(exc: RequestValidationError) -> ProblemError:
    errors = exc.errors()
    if errors and errors[0]["type"] == "json_invalid":
        position, reason = errors[0]["loc"][-1], errors[0].get("ctx", {}).get("error", "not JSON")
        detail = f"The body is not JSON: {reason} at character {position}."
        return ProblemError(400, detail, name="invalid-json", pointer="")
    if errors and errors[0]["loc"][0] == "path":
        parameter = str(errors[0]["loc"][-1])
        return not_found(parameter.removesuffix("_id"), str(errors[0]["input"]))
    return invalid([describe_validation_error(error) for error in errors])


def _from_http(request: Request, exc: HTTPException) -> ProblemError:
    if exc.status_code == 404 and exc.detail == "Not Found":
        detail = f"There is nothing at {request.url.path}; /docs lists every address."
    elif exc.status_code == 405:
        allowed = _list_allowed(request) or "GET, HEAD"  # what is mounted besides routes are files
        detail = f"{request.method} is not possible at {request.url.path}; allowed: {allowed}."
        return ProblemError(405, detail, headers={"Allow": allowed})
    else:
        detail = str(exc.detail)
    return ProblemError(exc.status_code, detail, headers=exc.headers)


def _list_allowed(request: Request) -> str:
    """The methods of all routes with this path; the framework knows only those of the first."""
    scope = {
        key: request.scope[key] for key in ("type", "path", "headers", "root_path") if key in request.scope
    }
    return ", ".join(
        method
        for method in _METHODS
        if any(
            route.matches({**scope, "method": method})[0] == Match.FULL for route in request.app.router.routes
        )
    )


def _is_disk_full(exc: BaseException | None) -> bool:
    if isinstance(exc, DBAPIError):
        exc = exc.orig
    if isinstance(exc, sqlite3.OperationalError):
        return "full" in str(exc)
    if getattr(exc, "sqlstate", None) == "53100":
        return True
    return isinstance(exc, OSError) and exc.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def storage_full() -> ProblemError:
    """The 507 for a disk without room."""
    detail = (
        "The server's disk is full; nothing of this request was kept. Free some space, then send it again."
    )
    return ProblemError(507, detail, name="storage-full")


def describe_exception(request: Request, exc: Exception) -> ProblemError:
    """The problem that an exception comes to."""
    if isinstance(exc, ProblemError):
        return exc
    if isinstance(exc, RequestValidationError):
        return _from_validation(exc)
    if isinstance(exc, HTTPException):
        return _from_http(request, exc)
    if isinstance(exc, DatasetError):
        return ProblemError(422, exc.detail, name="invalid-dataset", pointer=exc.pointer)
    if isinstance(exc, JobNotFoundError):
        return not_found("job", exc.job_id)
    if isinstance(exc, StaleAttemptError):
        return ProblemError(409, str(exc), name="stale-attempt", pointer="/attempt")
    if isinstance(exc, ExternalRunError):
        return ProblemError(409, str(exc), name="external-run")
    if isinstance(exc, IllegalMoveError):
        return ProblemError(409, str(exc), name="illegal-move")
    if isinstance(exc, JobQuotaError):
        headers = {"Retry-After": str(_RETRY_JOB_SECONDS)}
        return ProblemError(429, str(exc), name="job-quota", headers=headers)
    if isinstance(exc, StorageQuotaError):
        return ProblemError(413 if exc.fits_never else 507, str(exc), name="storage-quota")
    if isinstance(exc, StorageFullError) or _is_disk_full(exc):
        return storage_full()
    if isinstance(exc, ClientDisconnect):  # nobody reads this answer; it is no failure of the server
        return ProblemError(400, "The request broke off before its end.", name="request-broken-off")
    if isinstance(exc, OperationalError):
        log.warning("the database did not answer: %s", exc)
        detail = "The database did not answer in time; nothing was changed. Try again in a moment."
        return ProblemError(503, detail, name="database-unavailable", headers={"Retry-After": "1"})
    if isinstance(exc, StorageAwayError):
        log.warning("%s", exc)
        detail = "The store of files did not answer in time. Try again in a moment."
        return ProblemError(503, detail, name="storage-unavailable", headers={"Retry-After": "1"})
    detail = "The server failed in a way nobody foresaw; its log tells more."
    # The server drops the connection after such a failure, so that the client must not use it again.
    return ProblemError(500, detail, name="internal-error", headers={"Connection": "close"})


async def respond_with_problem(request: Request, exc: Exception) -> Response:
    """Turn whatever a route raised into its problem."""
    return describe_exception(request, exc).respond()


def install_handlers(app: FastAPI) -> None:
    """Make the application answer every error as a problem."""
    expected = (
        HTTPException,
        RequestValidationError,
        DatasetError,
        JobError,
        QuotaError,
        StorageFullError,
        StorageAwayError,
        ClientDisconnect,
        OperationalError,
        OSError,
    )
    for kind in (*expected, Exception):
        app.add_exception_handler(kind, respond_with_problem)

"""The OpenAPI document: FastAPI's own, with this service's problems in it."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.access.presented import SESSION_COOKIE
from api.access.rules import find_needed_scope, is_public
from api.errors import MEDIA_TYPE, PROBLEM_REFERENCE, Problem, documented

_SECURITY_SCHEMES: Final[dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or the token of a job."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
}
# Of every request with a body: it may be no JSON, arrive too slowly, or be too large.
_BODY_PROBLEMS = (400, 408, 413)
_FASTAPI_ERRORS = ("HTTPValidationError", "ValidationError")


def install_openapi(app: FastAPI) -> None:
    """Make `/openapi.json` tell the errors as they are answered."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _build(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _build(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    schemas = document["components"]["schemas"]
    for name in _FASTAPI_ERRORS:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    document["components"]["securitySchemes"] = _SECURITY_SCHEMES
    document["security"] = [{name: []} for name in _SECURITY_SCHEMES]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _drop_null(parameter["schema"])
            _correct_validation_answer(operation["responses"])
            _tell_access(method.upper(), path, operation)
            if "requestBody" in operation:
                _add_problems(operation["responses"], _BODY_PROBLEMS)
    return document


def _tell_access(method: str, path: str, operation: dict[str, Any]) -> None:
    """What the rules of access say of an operation."""
    if is_public(method, path):
        operation["security"] = []
        return
    needed = find_needed_scope(method, path)
    content = {MEDIA_TYPE: {"schema": PROBLEM_REFERENCE}}
    operation["responses"] |= {
        "401": {"description": "No key, or one that is not taken.", "content": content},
        "403": {"description": f"The key's scope is too small; {needed} is needed.", "content": content},
    }
    _add_problems(operation["responses"], (429,))


def _drop_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that may be left away, which FastAPI tells as null; no parameter can be null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return kinds[0] | {name: value for name, value in schema.items() if name != "anyOf"}


def _correct_validation_answer(responses: dict[str, Any]) -> None:
    """FastAPI announces its own form of a 422; ours is a problem."""
    if "422" in responses:
        responses["422"]["content"] = {MEDIA_TYPE: {"schema": PROBLEM_REFERENCE}}


def _add_problems(responses: dict[str, Any], statuses: tuple[int, ...]) -> None:
    for status, response in documented(*statuses).items():
        responses.setdefault(str(status), response)

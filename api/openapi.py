"""The OpenAPI document: FastAPI's own, with this service's problems in it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.errors import MEDIA_TYPE, PROBLEM_REFERENCE, Problem

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
    for path in document["paths"].values():
        for operation in path.values():
            _correct_validation_answer(operation["responses"])
    return document


def _correct_validation_answer(responses: dict[str, Any]) -> None:
    """FastAPI announces its own form of a 422; ours is a problem."""
    if "422" in responses:
        responses["422"]["content"] = {MEDIA_TYPE: {"schema": PROBLEM_REFERENCE}}

"""The OpenAPI document and the pages that need no internet."""

import re
from typing import Any

import httpx

BINARY = {"application/octet-stream", "application/x-npy", "application/x-npz"}


def test_every_body_has_an_example(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
                schema = resolve(document, content.get("schema", {}))
                shown = content.keys() | schema.keys()
                assert media_type in BINARY or shown & {"example", "examples"}, (
                    f"{method} {path} {media_type}"
                )


def test_every_answer_has_an_example(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if status.startswith("2") and "application/json" in answer.get("content", {}):
                    content = answer["content"]["application/json"]
                    assert content.get("schema") or content.get("example"), f"{method} {path} {status}"


def test_no_parameter_is_said_to_be_null(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    told = [
        parameter["schema"]
        for operations in document["paths"].values()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
    ]
    assert any(schema.get("pattern") == "^[A-Z]{1,20}$" for schema in told)  # the method of GET /v1/audit
    assert [schema for schema in told if "null" in str(schema)] == []


def test_errors_are_documented_as_problems(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert {"type", "title", "status", "detail"} <= document["components"]["schemas"]["Problem"][
        "properties"
    ].keys()
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status[0] in "45":
                    assert list(answer["content"]) == ["application/problem+json"]


def test_references_lead_somewhere(api: httpx.Client) -> None:
    answer = api.get("/openapi.json")
    for name in set(re.findall(r"#/components/schemas/(\w+)", answer.text)):
        assert name in answer.json()["components"]["schemas"]


def test_page_loads_nothing_from_elsewhere(api: httpx.Client) -> None:
    page = api.get("/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    for address in loaded:
        assert address.startswith(("/docs/", "data:"))
        if address.startswith("/"):
            assert api.get(address).status_code == 200
    assert "SwaggerUIBundle" in api.get("/docs/start.js").text


def test_start_leads_to_the_dashboard(api: httpx.Client) -> None:
    answer = api.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/dashboard/")


def test_chart_library_is_served_here(api: httpx.Client) -> None:
    answer = api.get("/dashboard/plotly.min.js")
    assert answer.status_code == 200
    assert "plotly" in answer.text[:2000]


def test_health(api: httpx.Client) -> None:
    assert api.get("/healthz").json() == {"status": "ok"}
    assert api.get("/readyz").json() == {"status": "ready"}


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found

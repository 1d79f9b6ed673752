"""Generated input: mutations of real definitions, damaged files, and every address of the API."""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import backend as K
from engine.saving import DefinitionLimits, read_definition

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
LIMITS: Final = DefinitionLimits(layers=300, parameters=10**8, activation_bytes=10**9)
DETERMINISTIC: Final = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
TELLING: Final = [
    None, True, -1, 0, 1, 10**9, 2**63, 0.5, float("nan"), "", "relu", "same", "causal", "Lambda", "Dense", "LSTM",
    "__lambda__", "../a", [], {}, [None], [[]], [-1], [10**6] * 4, {"class_name": "Lambda", "config": {}},
    {"class_name": "Dense", "config": {"units": 2, "name": "a"}}, "a" * 1000, "\ud800", "\x00",
]  # fmt: skip


def find_definitions() -> list[dict[str, Any]]:
    """Small definitions of every line that wrote one."""
    found = []
    for path in sorted(FIXTURES.glob("*/**/*.json")):
        if path.stat().st_size > 6_000:
            continue
        content = json.loads(path.read_text())
        if isinstance(content, dict) and {"class_name", "config"} <= content.keys():
            found.append(content)
    return found


DEFINITIONS: Final = find_definitions()


def list_places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in children:
        yield from list_places(inner, (*path, key))


@st.composite
def changed(draw: st.DrawFn, body: dict[str, Any], least: int = 0) -> Any:
    """A body with `least` to three places changed, doubled or taken away."""
    found = copy.deepcopy(body)
    for _ in range(draw(st.integers(least, 3))):
        places = [path for path in list_places(found) if path]
        if not places:
            break
        *parents, key = draw(st.sampled_from(places))
        place: Any = found
        for step in parents:
            place = place[step]
        match draw(st.sampled_from(["replace", "remove", "double", "invent"])):
            case "replace":
                place[key] = copy.deepcopy(draw(st.sampled_from(TELLING)))
            case "remove":
                del place[key]
            case "double" if isinstance(place, list):
                place.append(copy.deepcopy(place[key]))
            case _:
                place[key] = draw(plain)
    return found


@st.composite
def mutated_definitions(draw: st.DrawFn) -> Any:
    """A real definition that was changed."""
    return draw(changed(draw(st.sampled_from(DEFINITIONS)), least=1))


def test_there_are_definitions_of_every_line() -> None:
    assert len(DEFINITIONS) > 10


@settings(DETERMINISTIC, max_examples=25)
@given(mutated_definitions())
def test_the_api_answers_mutated_definitions(api: httpx.Client, definition: Any) -> None:
    body = json.dumps(definition).encode()
    answer = api.post("/v1/models", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (201, 422), (answer.text, definition)


@settings(DETERMINISTIC, max_examples=150)
@given(mutated_definitions())
def test_the_engine_refuses_in_words(definition: Any) -> None:
    """Whatever a definition holds, it is a model or a `DefinitionError` or one of the errors that the API tells."""
    told = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
    with K.isolated_state(), suppress(*told):
        read_definition(json.dumps(definition), LIMITS).build()


@pytest.fixture(scope="module")
def operations(api: httpx.Client) -> list[tuple[str, str, dict[str, Any]]]:
    """Every operation of the OpenAPI document, streams apart."""
    document = api.get("/openapi.json").json()
    return [
        (method.upper(), path, operation)
        for path, methods in sorted(document["paths"].items())
        for method, operation in sorted(methods.items())
        if "text/event-stream" not in json.dumps(operation.get("responses", {}))
    ]


@pytest.fixture(scope="module")
def identifiers(api: httpx.Client) -> dict[str, str]:
    """Objects that are there."""
    dataset = api.post("/v1/datasets", content=b"a,b\n1,2\n3,4\n").json()["id"]
    job = api.post("/v1/jobs", json={"external": True, "epochs": 2}).json()["id"]
    model = api.post("/v1/models", json=DEFINITIONS[0]).json().get("id", "mdl_" + "0" * 26)
    return {"dataset_id": dataset, "job_id": job, "model_id": model}


@pytest.fixture(scope="module")
def components(api: httpx.Client) -> dict[str, Any]:
    schemas: dict[str, Any] = api.get("/openapi.json").json()["components"]["schemas"]
    return schemas


words = st.text(max_size=30) | st.sampled_from(
    ["0", "-1", "1e999", "NaN", "\x00", "../..", "9" * 400, "🎉", "=1", "%"]
)


def fill(draw: Any, schema: dict[str, Any], components: dict[str, Any], depth: int = 0) -> Any:
    """A value of a schema, here and there something else."""
    if depth > 5 or draw(st.integers(0, 7)) == 0:
        return draw(plain)
    if "$ref" in schema:
        return fill(draw, components[schema["$ref"].rpartition("/")[2]], components, depth)
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return fill(draw, draw(st.sampled_from(schema[choice])), components, depth + 1)
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    match schema.get("type"):
        case "object" if "properties" in schema:
            chosen = draw(st.sets(st.sampled_from(sorted(schema["properties"]))))
            chosen |= set(schema.get("required", ()))
            return {
                name: fill(draw, schema["properties"][name], components, depth + 1) for name in sorted(chosen)
            }
        case "array":
            return [
                fill(draw, schema.get("items", {}), components, depth + 1)
                for _ in range(draw(st.integers(0, 2)))
            ]
        case "integer":
            return draw(st.integers())
        case "number":
            return draw(st.floats())
        case "boolean":
            return draw(st.booleans())
        case "string":
            return draw(words)
    return draw(plain)


@settings(DETERMINISTIC, max_examples=250)
@given(data=st.data())
def test_no_address_fails(
    data: st.DataObject,
    api: httpx.Client,
    operations: list[tuple[str, str, dict[str, Any]]],
    identifiers: dict[str, str],
    components: dict[str, Any],
) -> None:
    """Every operation with parameters and a body of its schema, or nearly: never a 5xx, always a problem."""
    method, path, operation = data.draw(st.sampled_from(operations))
    query: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path":
            known = st.just(identifiers.get(name, "x"))
            value = data.draw(known if data.draw(st.booleans()) else words)
            path = path.replace(f"{{{name}}}", quote(value, safe="") or "x")
        elif parameter["in"] == "query" and data.draw(st.booleans()):
            query[name] = str(data.draw(words))
    request: dict[str, Any] = {}
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        media_type = data.draw(st.sampled_from(sorted(content)))
        value = fill(data.draw, content[media_type].get("schema", {}), components)
        body = value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value).encode()
        request = {"content": body, "headers": {"content-type": media_type}}
    answer = api.request(method, path, params=query, **request)
    assert answer.status_code < 500, (method, path, query, request, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", answer.text

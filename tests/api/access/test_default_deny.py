"""No route without a key, none with too small a scope, and nothing of another project: walked over all of them."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from core.access.scopes import Scope
from core.identifiers import new_id
from core.tables import Artifact
from tests.api.access.conftest import Guarded

Routes = set[tuple[str, str]]

PUBLIC = {
    ("GET", "/"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/assets"),
    ("GET", "/docs/start.js"),
    ("GET", "/dashboard"),
    ("GET", "/dashboard/plotly.min.js"),
    ("POST", "/v1/session"),
    ("DELETE", "/v1/session"),
}
"""All that may be asked for without a key, written down here once more: whoever adds to it does so twice."""

NEEDED = {"/v1/keys": Scope.ADMIN, "/v1/audit": Scope.ADMIN}
"""What needs more than read to look and submit to change, by the start of its path."""

BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/jobs/{job_id}/metrics"): {"attempt": 0, "points": []},
    ("POST", "/v1/jobs/{job_id}/publish/epoch/end/"): {"epoch": 0, "loss": 1.0},
    ("POST", "/v1/jobs/{job_id}/finish"): {"state": "succeeded"},
    ("POST", "/v1/jobs/{job_id}/predict"): {"x": [[1.0]]},
    ("PATCH", "/v1/jobs/{job_id}"): {"priority": 1},
}
"""Bodies that are sound, so that the answer is about the object; others are sound without."""

MODEL = {
    "class_name": "Sequential",
    "config": [{"class_name": "Dense", "config": {"name": "d", "units": 1, "batch_input_shape": [None, 1]}}],
}
SUBMIT = {"compile": {"optimizer": "sgd", "loss": "mse"}, "fit": {"epochs": 1}}


def fill(path: str, identifiers: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda match: identifiers[match[1]], path)


class Objects:
    """One of each object of a project.

    Attributes: identifiers: by the names that paths have for them.
    """

    def __init__(self, guarded: Guarded, project: str) -> None:
        _, key = guarded.make_key(project, Scope.ADMIN)
        self.client = guarded.connect(key)
        model = self._create("/v1/models", json=MODEL)
        dataset = self._create("/v1/datasets", content=b"x,y\n1,2\n2,4\n3,6\n4,8\n")
        self.queued_id = self._create("/v1/jobs", json={**SUBMIT, "model": model, "dataset": dataset})
        job = self._create("/v1/jobs", json={"external": True, "name": project})
        self.client.post(f"/v1/jobs/{job}/publish/epoch/end/", json={"epoch": 0, "loss": 0.5})
        key_id = self._create("/v1/keys", json={"name": "spare"})
        with guarded.server.session() as session:
            session.add(
                Artifact(job_id=job, name="model.h5", sha256="0" * 64, size_bytes=1, media_type="x/y")
            )
        self.identifiers = {
            "model_id": model,
            "dataset_id": dataset,
            "job_id": job,
            "key_id": key_id,
            "name": "model.h5",
        }

    def _create(self, path: str, **content: Any) -> str:
        answer = self.client.post(path, **content)
        assert answer.status_code in (201, 202), answer.text
        return str(answer.json()["id"])

    def describe(self) -> list[Any]:
        """All that the project has."""
        lists = [self.client.get(f"/v1/{kind}").json() for kind in ("models", "datasets", "jobs", "keys")]
        for row in lists[-1]["data"]:
            row.pop("last_used_at")
        job = f"/v1/jobs/{self.identifiers['job_id']}"
        return [*lists, self.client.get(f"{job}/metrics").json(), self.client.get(f"{job}/logs").text]


@pytest.fixture(scope="module")
def identifiers() -> dict[str, str]:
    """Ids of the right form that nothing has."""
    kinds = {"model_id": "mdl", "dataset_id": "dst", "job_id": "job", "key_id": "key"}
    return {**{name: new_id(kind) for name, kind in kinds.items()}, "name": "model.h5"}  # type: ignore[arg-type]


def find_needed(method: str, path: str) -> Scope:
    for start, scope in NEEDED.items():
        if path.startswith(start):
            return scope
    return Scope.READ if method == "GET" else Scope.SUBMIT


def test_the_document_and_the_table_tell_of_the_same_routes(app: FastAPI, app_routes: Routes) -> None:
    documented = {
        (method.upper(), path) for path, operations in app.openapi()["paths"].items() for method in operations
    }
    assert documented <= app_routes
    assert {route for route in app_routes - documented if route[1].startswith("/v1")} == set()


def test_no_route_answers_without_a_key(
    app_routes: Routes, guarded_sqlite: Guarded, identifiers: dict[str, str], problem: Any
) -> None:
    client = guarded_sqlite.connect()
    for method, path in sorted(app_routes - PUBLIC):
        problem(client.request(method, fill(path, identifiers)), 401)
        if method == "GET":
            assert client.head(fill(path, identifiers)).status_code == 401, path
    for method, path in (
        ("GET", "/v1/nothing"),
        ("PUT", "/v1/jobs"),
        ("OPTIONS", "/v1/jobs"),
        ("GET", "/v2"),
    ):
        problem(client.request(method, path), 401)


def test_public_are_pages_and_health_alone(app_routes: Routes, guarded_sqlite: Guarded, problem: Any) -> None:
    client = guarded_sqlite.connect()
    for method, path in sorted(PUBLIC & app_routes):
        if method == "GET":
            assert client.get(path, follow_redirects=True).status_code in (200, 404), path
            problem(client.post(path), 401)
    document = client.get("/openapi.json").json()
    assert document["security"] == [{"bearer": []}, {"header": []}, {"cookie": []}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            is_public = (method.upper(), path) in PUBLIC
            assert (operation.get("security") == []) == is_public, (method, path)
            assert {"401", "403"} <= operation["responses"].keys() or is_public, (method, path)


@pytest.mark.parametrize(
    "path",
    ["/dashboard/../v1/jobs", "/dashboard/%2e%2e/v1/jobs", "//v1/jobs", "/healthz/../v1/jobs", "/V1/jobs"],
)
def test_no_spelling_of_a_path_gets_around_it(guarded_sqlite: Guarded, path: str) -> None:
    url = httpx.URL(guarded_sqlite.server.url).copy_with(raw_path=path.encode())
    with httpx.Client() as client:
        answer = client.send(httpx.Request("GET", url))
    assert answer.status_code in (401, 404), answer.text
    assert "data" not in answer.json()


def test_each_route_refuses_every_smaller_scope(
    app_routes: Routes, guarded_sqlite: Guarded, identifiers: dict[str, str], problem: Any
) -> None:
    clients = {scope: guarded_sqlite.connect(guarded_sqlite.make_key("a", scope)[1]) for scope in Scope}
    walked = 0
    for method, path in sorted(app_routes - PUBLIC):
        needed = find_needed(method, path)
        for scope in Scope:
            if not scope.allows(needed):
                problem(clients[scope].request(method, fill(path, identifiers)), 403)
                walked += 1
    assert walked > 20
    assert clients[Scope.READ].get("/v1/jobs").status_code == 200
    assert clients[Scope.SUBMIT].post("/v1/jobs", json={"external": True}).status_code == 202
    assert clients[Scope.ADMIN].get("/v1/keys").status_code == 200


def test_what_another_project_has_is_as_unknown_as_what_nobody_has(
    app_routes: Routes, guarded: Guarded, identifiers: dict[str, str], problem: Any
) -> None:
    theirs, ours = Objects(guarded, new_id("prj")), Objects(guarded, new_id("prj"))
    before = theirs.describe()
    walked = []
    for method, path in sorted(app_routes - PUBLIC):
        if "{" not in path:
            continue
        body = BODIES.get((method, path))
        request = {"json": body} if body is not None else {}
        answers = []
        for known in (theirs.identifiers, identifiers):
            answer = ours.client.request(method, fill(path, known), **request)
            found = json.dumps(problem(answer, 404))
            for identifier in known.values():
                found = found.replace(identifier, "")
            answers.append((found, sorted(answer.headers.keys())))
        assert answers[0] == answers[1], (method, path)
        walked.append(path)
    assert len(walked) > 20
    assert theirs.describe() == before
    identifiers_of_theirs = {*theirs.identifiers.values(), theirs.queued_id} - {"model.h5"}
    for path in sorted(path for method, path in app_routes if method == "GET" and "{" not in path):
        # The audit log tells us the ids that we asked for above.
        if path.startswith("/v1/") and path != "/v1/audit":
            shown = ours.client.get(path, params={"limit": 1000}).text
            assert not [identifier for identifier in identifiers_of_theirs if identifier in shown], path


def test_nothing_is_made_of_what_another_project_has(guarded: Guarded, problem: Any) -> None:
    theirs, ours = Objects(guarded, new_id("prj")), Objects(guarded, new_id("prj"))
    model, dataset = theirs.identifiers["model_id"], theirs.identifiers["dataset_id"]
    own_model, own_dataset = ours.identifiers["model_id"], ours.identifiers["dataset_id"]
    for names, pointer in (
        ({"model": model, "dataset": own_dataset}, "/model"),
        ({"model": own_model, "dataset": dataset}, "/dataset"),
    ):
        problem(ours.client.post("/v1/jobs", json={**SUBMIT, **names}), 422, pointer)
        clone = ours.client.post(f"/v1/jobs/{ours.queued_id}/clone", json=names)
        problem(clone, 422, pointer)
    problem(ours.client.post("/v1/jobs", json={"external": True, "model": model}), 422, "/model")


def test_lists_are_of_the_project_alone(guarded: Guarded) -> None:
    first, second = Objects(guarded, new_id("prj")), Objects(guarded, new_id("prj"))
    for objects in (first, second):
        counts = [len(found["data"]) for found in objects.describe()[:4]]
        assert counts == [1, 1, 2, 2]


def test_an_idempotency_key_is_of_the_project(guarded: Guarded) -> None:
    clients = [guarded.connect(guarded.make_key(new_id("prj"), Scope.SUBMIT)[1]) for _ in range(2)]
    headers = {"Idempotency-Key": new_id("key")}
    made = [client.post("/v1/models", json=MODEL, headers=headers) for client in clients * 2]
    assert [answer.status_code for answer in made] == [201] * 4
    first, second, first_again, second_again = (answer.json()["id"] for answer in made)
    assert (first, second) == (first_again, second_again)
    assert first != second
    assert [answer.headers.get("idempotency-replayed") for answer in made] == [None, None, "true", "true"]


def test_the_same_bytes_are_shared_below_and_never_visibly(guarded: Guarded, tmp_path: Path) -> None:
    content = b"x,y\n" + new_id("key").encode() + b",1\n"
    clients = [guarded.connect(guarded.make_key(new_id("prj"), Scope.SUBMIT)[1]) for _ in range(2)]
    made = [client.post("/v1/datasets", content=content).json()["id"] for client in clients]
    assert clients[0].delete(f"/v1/datasets/{made[0]}").status_code == 204
    preview = clients[1].get(f"/v1/datasets/{made[1]}/preview")
    assert preview.status_code == 200, "the other project's copy is still there"

"""Keys over HTTP: made, listed, rotated and revoked by admins of their project."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from core.access.keys import Limits
from core.access.scopes import Scope
from core.database import utc_now
from core.identifiers import new_id
from tests.api.access.conftest import Guarded

DEADLINE_SECONDS = 30


def wait_until(holds: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come within {DEADLINE_SECONDS} seconds"
        time.sleep(0.05)


def make_admin(guarded: Guarded, limits: Limits | None = None) -> httpx.Client:
    """An admin of a new project."""
    return guarded.connect(guarded.make_key(new_id("prj"), Scope.ADMIN, limits=limits)[1])


def test_a_key_is_shown_once_and_works_at_once(guarded: Guarded) -> None:
    admin = make_admin(guarded)
    answer = admin.post("/v1/keys", json={"name": "nightly", "scope": "read"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"/v1/keys/{made['id']}"
    assert "no-store" in answer.headers["cache-control"]
    key = made.pop("key")
    assert key.startswith(f"kerasd_{made['prefix']}_")
    assert admin.get(f"/v1/keys/{made['id']}").json() == made
    listed = admin.get("/v1/keys")
    assert [row["name"] for row in listed.json()["data"]] == ["nightly", "me"]
    assert key not in listed.text
    access = guarded.connect(key).get("/v1/access").json()
    assert access["scope"] == "read"
    assert access["key"] == {"id": made["id"], "name": "nightly"}
    assert access["project"] == admin.get("/v1/access").json()["project"]


def test_without_a_key_one_is_admin_of_the_default_project(sqlite_server: Any) -> None:
    access = httpx.get(f"{sqlite_server.url}/v1/access").json()
    assert (access["project"]["name"], access["scope"], access["key"]) == ("default", "admin", None)


def test_a_rotated_key_is_taken_for_the_overlap(guarded: Guarded) -> None:
    admin = make_admin(guarded)
    old = admin.post("/v1/keys", json={"name": "nightly"}).json()
    new = admin.post(f"/v1/keys/{old['id']}/rotate", json={"overlap_seconds": 3}).json()
    assert (new["name"], new["scope"], new["replaces"]) == ("nightly", "submit", old["id"])
    old_client, new_client = guarded.connect(old["key"]), guarded.connect(new["key"])
    assert old_client.get("/v1/jobs").status_code == 200
    assert new_client.get("/v1/jobs").status_code == 200
    wait_until(lambda: old_client.get("/v1/jobs").status_code == 401, "the end of the overlap")
    assert new_client.get("/v1/jobs").status_code == 200
    newest = admin.post(f"/v1/keys/{new['id']}/rotate").json()
    wait_until(lambda: new_client.get("/v1/jobs").status_code == 401, "the end at once")
    assert guarded.connect(newest["key"]).get("/v1/jobs").status_code == 200


def test_what_is_taken_no_more_cannot_be_rotated(guarded: Guarded, problem: Any) -> None:
    admin = make_admin(guarded)
    key = admin.post("/v1/keys", json={"name": "nightly"}).json()
    for _ in range(2):
        assert admin.delete(f"/v1/keys/{key['id']}").status_code == 204, "twice is once"
    assert admin.get(f"/v1/keys/{key['id']}").json()["is_live"] is False
    problem(admin.post(f"/v1/keys/{key['id']}/rotate"), 409)
    wrong = admin.post(f"/v1/keys/{key['id']}/rotate", json={"overlap_seconds": False})
    problem(wrong, 422, "/overlap_seconds")


def test_nobody_hands_on_more_than_they_have(guarded: Guarded, problem: Any) -> None:
    ends_at = utc_now() + timedelta(days=1)
    admin = make_admin(guarded, Limits(ends_at, requests_per_minute=100, max_body_bytes=1000))
    inherited = admin.post("/v1/keys", json={"name": "x"}).json()
    assert (inherited["requests_per_minute"], inherited["max_body_bytes"]) == (100, 1000)
    assert inherited["expires_at"][:19] == ends_at.isoformat()[:19]
    narrower = {"name": "x", "requests_per_minute": 99, "max_body_bytes": 1}
    assert admin.post("/v1/keys", json=narrower).status_code == 201
    later = (ends_at + timedelta(hours=1)).isoformat()
    for name, value in (("requests_per_minute", 101), ("max_body_bytes", 1001), ("expires_at", later)):
        refused = problem(admin.post("/v1/keys", json={"name": "x", name: value}), 403, f"/{name}")
        assert "as of your own key" in refused["detail"]


def test_a_key_with_fewer_limits_cannot_be_taken_over_by_rotation(guarded: Guarded, problem: Any) -> None:
    project = new_id("prj")
    wide_id, _ = guarded.make_key(project, Scope.ADMIN)
    _, narrow = guarded.make_key(project, Scope.ADMIN, limits=Limits(requests_per_minute=10))
    problem(guarded.connect(narrow).post(f"/v1/keys/{wide_id}/rotate"), 403)


def test_wrong_requests_are_refused_with_pointers(guarded_sqlite: Guarded, problem: Any) -> None:
    admin = make_admin(guarded_sqlite)
    past = (utc_now() - timedelta(seconds=1)).isoformat()
    for fields, pointer in (
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": "a", "scope": "root"}, "/scope"),
        ({"name": "a", "requests_per_minute": 0}, "/requests_per_minute"),
        ({"name": "a", "max_body_bytes": "many"}, "/max_body_bytes"),
        ({"name": "a", "expires_at": past}, "/expires_at"),
        ({"name": "a", "expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ({"name": "a", "expires_at": 1893456000}, "/expires_at"),
        ({"name": "a", "project": "default"}, "/project"),
    ):
        problem(admin.post("/v1/keys", json=fields), 422, pointer)

"""The audit log: what is in it, who may read it, and that a shutdown loses nothing."""

import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from core.access.scopes import Scope
from core.audit import discard_old_entries
from core.database import utc_now
from core.identifiers import new_id
from core.tables import AuditEntry
from tests.api.access.conftest import Guarded
from tests.api_process import ApiProcess

JOB = {"external": True, "epochs": 1}
DEADLINE_SECONDS = 30


def wait_for_entry(client: httpx.Client, request_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        for entry in client.get("/v1/audit").json()["data"]:
            if entry["request_id"] == request_id:
                return dict(entry)
        time.sleep(0.05)
    pytest.fail(f"no entry for the request {request_id}")


@pytest.fixture
def admin(guarded: Guarded) -> tuple[str, httpx.Client]:
    """The id of an admin's key in a project of its own, and its client."""
    key_id, key = guarded.make_key(new_id("prj"))
    return key_id, guarded.connect(key)


def test_what_was_made_is_told(admin: tuple[str, httpx.Client]) -> None:
    key_id, client = admin
    answer = client.post("/v1/jobs", json=JOB, headers={"X-Forwarded-For": "203.0.113.9"})
    entry = wait_for_entry(client, answer.headers["x-request-id"])
    assert entry["object_id"] == answer.json()["id"]
    assert (entry["method"], entry["route"], entry["status"]) == ("POST", "/v1/jobs", 202)
    assert (entry["key_id"], entry["address"]) == (key_id, "203.0.113.9")
    assert entry["at"].endswith("Z")
    assert "project_id" not in entry


def test_what_was_asked_for_is_told_by_route_and_id(admin: tuple[str, httpx.Client]) -> None:
    _, client = admin
    job = client.post("/v1/jobs", json=JOB).json()["id"]
    answer = client.post(f"/v1/jobs/{job}/cancel")
    entry = wait_for_entry(client, answer.headers["x-request-id"])
    assert (entry["route"], entry["object_id"]) == ("/v1/jobs/{job_id}/cancel", job)


REFUSED = {
    "what is not there": ("DELETE", "/v1/models/mdl_00000000000000000000000000", {}, 404, "/v1/models/{model_id}"),
    "no such address": ("POST", "/v1/nothing", {}, 404, "/v1/nothing"),
    "what is wrong": ("POST", "/v1/jobs", {}, 422, "/v1/jobs"),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status", "route"), REFUSED.values(), ids=REFUSED)
def test_what_was_refused_is_told(
    admin: tuple[str, httpx.Client], method: str, path: str, body: Any, status: int, route: str
) -> None:
    _, client = admin
    answer = client.request(method, path, json=body)
    assert answer.status_code == status
    entry = wait_for_entry(client, answer.headers["x-request-id"])
    assert (entry["status"], entry["route"]) == (status, route)


def test_scopes_that_were_too_small_are_told(guarded: Guarded, admin: tuple[str, httpx.Client]) -> None:
    project = new_id("prj")
    reader_id, reader = guarded.make_key(project, Scope.READ)
    _, owner = guarded.make_key(project)
    answer = guarded.connect(reader).post("/v1/jobs", json=JOB)
    assert answer.status_code == 403
    entry = wait_for_entry(guarded.connect(owner), answer.headers["x-request-id"])
    assert (entry["status"], entry["key_id"]) == (403, reader_id)


def test_readers_and_strangers_see_none_of_it(guarded: Guarded, problem: Any) -> None:
    project = new_id("prj")
    _, submitter = guarded.make_key(project, Scope.SUBMIT)
    _, owner = guarded.make_key(project)
    _, stranger = guarded.make_key(new_id("prj"))
    answer = guarded.connect(submitter).post("/v1/jobs", json=JOB)
    wait_for_entry(guarded.connect(owner), answer.headers["x-request-id"])
    problem(guarded.connect(submitter).get("/v1/audit"), 403)
    problem(guarded.connect().get("/v1/audit"), 401)
    assert guarded.connect(stranger).get("/v1/audit").json()["data"] == []


def test_pages_and_filters(admin: tuple[str, httpx.Client]) -> None:
    _, client = admin
    jobs = [client.post("/v1/jobs", json=JOB).json()["id"] for _ in range(3)]
    last = client.post(f"/v1/jobs/{jobs[0]}/cancel")
    wait_for_entry(client, last.headers["x-request-id"])
    first = client.get("/v1/audit", params={"limit": 3}).json()
    second = client.get("/v1/audit", params={"limit": 3, "after": first["next"]}).json()
    told = [entry["object_id"] for entry in first["data"] + second["data"]]
    assert (told, second["has_more"]) == ([jobs[0], *reversed(jobs)], False)

    def count(**params: str) -> int:
        return len(client.get("/v1/audit", params=params).json()["data"])

    assert count(object_id=jobs[0]) == 2
    assert count(object_id=jobs[1], method="POST", status="202") == 1
    assert count(method="DELETE") == 0
    assert count(since=first["data"][0]["at"]) == 1
    assert count(until=first["data"][0]["at"]) == 3
    for none in ("yesterday", "1768478401.2"):
        assert client.get("/v1/audit", params={"since": none}).status_code == 422


def test_reports_of_metrics_are_no_news(admin: tuple[str, httpx.Client]) -> None:
    _, client = admin
    job = client.post("/v1/jobs", json=JOB).json()["id"]
    client.post(f"/v1/jobs/{job}/publish/epoch/end/", data={"data": '{"epoch": 0, "loss": 1}'})
    last = client.post(f"/v1/jobs/{job}/finish", json={"state": "succeeded"})
    wait_for_entry(client, last.headers["x-request-id"])
    routes = [entry["route"] for entry in client.get("/v1/audit").json()["data"]]
    assert routes == ["/v1/jobs/{job_id}/finish", "/v1/jobs"]


def read_entries(server: ApiProcess) -> list[AuditEntry]:
    with server.session() as session:
        return list(session.scalars(select(AuditEntry)))


def test_a_shutdown_loses_nothing(tmp_path: Path, serve_sqlite: Any) -> None:
    with serve_sqlite(tmp_path) as server, httpx.Client(base_url=server.url) as client:
        for _ in range(50):
            client.post("/v1/jobs", json={})
        refused = client.post("/v1/jobs", json=JOB, headers={"Origin": "http://evil.example"})
        assert refused.status_code == 403
        server.process.terminate()
        server.process.wait(DEADLINE_SECONDS)
        assert sorted(entry.status for entry in read_entries(server)) == [403] + [422] * 50


def test_failures_are_told_and_logged_under_one_name(tmp_path: Path, serve_sqlite: Any) -> None:
    with serve_sqlite(tmp_path) as server, httpx.Client(base_url=server.url) as client:
        job = client.post("/v1/jobs", json=JOB).json()["id"]
        with server.db_engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET created_at = 'no time'")
        answer = client.post(f"/v1/jobs/{job}/cancel", headers={"X-Request-ID": "from-a-proxy.1"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (500, "from-a-proxy.1")
        server.process.terminate()
        server.process.wait(DEADLINE_SECONDS)
        assert [entry.status for entry in read_entries(server) if entry.request_id == "from-a-proxy.1"] == [
            500
        ]
    assert re.search(r"ERROR .* \[from-a-proxy\.1\]: .*\n(.*\n)*?ValueError", server.log.read_text())


@pytest.mark.parametrize("given", ["", "a b", "a" * 65, "a\u00e9", "<script>"])
def test_names_of_requests_that_are_none_are_replaced(api: httpx.Client, given: str) -> None:
    answer = api.get("/healthz", headers={"X-Request-ID": given.encode("latin-1")})
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


def test_old_entries_are_discarded(server: ApiProcess) -> None:
    now = utc_now()
    fields = {"address": "a", "method": "POST", "route": "/", "status": 200, "request_id": "a"}
    ids = [new_id("aud") for _ in range(2)]
    with server.session() as session:
        session.add(AuditEntry(id=ids[0], at=now - timedelta(days=91), **fields))
        session.add(AuditEntry(id=ids[1], at=now - timedelta(days=89), **fields))
        session.flush()
        discard_old_entries(session, now, days=0)
        assert session.get(AuditEntry, ids[0])
        discard_old_entries(session, now, days=90)
        session.expire_all()
        assert [session.get(AuditEntry, each) is not None for each in ids] == [False, True]

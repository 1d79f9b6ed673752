"""Tokens of runs that train elsewhere."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from core.access.scopes import Scope
from core.identifiers import new_id
from core.jobs import transitions
from core.tables import Job
from engine.callbacks import RemoteMonitor
from tests.api.access.conftest import Guarded

DEADLINE_SECONDS = 30


def wait_until(holds: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come within {DEADLINE_SECONDS} seconds"
        time.sleep(0.05)


@pytest.fixture
def run(guarded: Guarded) -> tuple[Any, str, str]:
    """A client of the scope submit, its external run, and the run's token."""
    client = guarded.connect(guarded.make_key(new_id("prj"), Scope.SUBMIT)[1])
    job_id = client.post("/v1/jobs", json={"external": True, "epochs": 2}).json()["id"]
    answer = client.post(f"/v1/jobs/{job_id}/token")
    assert answer.status_code == 201, answer.text
    assert "no-store" in answer.headers["cache-control"]
    return client, job_id, answer.json()["token"]


def test_keras_reports_with_a_token_and_finishes(guarded: Guarded, run: tuple[Any, str, str]) -> None:
    client, job_id, token = run
    headers = {"Authorization": f"Bearer {token}"}
    for send_as_json in (False, True):
        monitor = RemoteMonitor(
            root=f"{guarded.server.url}/v1/jobs/{job_id}", headers=headers, send_as_json=send_as_json
        )
        monitor.on_epoch_end(int(send_as_json), {"loss": 0.5})
    reporter = guarded.connect(token)
    points = [{"kind": "batch", "step": 7, "values": {"loss": 0.1}, "recorded_at": 1.0}]
    assert reporter.post(f"/v1/jobs/{job_id}/metrics", json={"points": points}).status_code == 200
    assert reporter.post(f"/v1/jobs/{job_id}/finish", json={"state": "succeeded"}).status_code == 200
    job = client.get(f"/v1/jobs/{job_id}").json()
    assert (job["state"], job["epoch"], job["metrics"]) == ("succeeded", 2, {"loss": 0.5})
    wait_until(
        lambda: reporter.post(f"/v1/jobs/{job_id}/metrics", json={"points": []}).status_code == 401,
        "the end of the token",
    )


def test_a_token_can_do_nothing_else(
    app_routes: set[tuple[str, str]], guarded: Guarded, run: tuple[Any, str, str], problem: Any
) -> None:
    client, job_id, token = run
    other_id = client.post("/v1/jobs", json={"external": True}).json()["id"]
    reporter = guarded.connect(token)
    reports = {
        "/v1/jobs/{job_id}/metrics",
        "/v1/jobs/{job_id}/publish/epoch/end/",
        "/v1/jobs/{job_id}/finish",
    }
    refused = 0
    for method, path in sorted(app_routes):
        if not path.startswith("/v1/") or path == "/v1/session":
            continue
        own = method == "POST" and path in reports
        for identifier in (other_id, new_id("job"), *(() if own else (job_id,))):
            known = {"job_id": identifier, "name": "model.h5"}
            filled = path
            for name in ("job_id", "model_id", "dataset_id", "key_id", "name"):
                filled = filled.replace("{" + name + "}", known.get(name, identifier))
            problem(reporter.request(method, filled), 403)
            refused += 1
    assert refused > 60


def test_a_newer_token_ends_the_one_before(guarded: Guarded, run: tuple[Any, str, str]) -> None:
    client, job_id, token = run
    newer = client.post(f"/v1/jobs/{job_id}/token").json()["token"]

    def report(credential: str) -> int:
        return guarded.connect(credential).post(f"/v1/jobs/{job_id}/metrics", json={"points": []}).status_code

    assert report(newer) == 200
    wait_until(lambda: report(token) == 401, "the end of the token")
    assert report(newer) == 200


def test_only_runs_elsewhere_that_go_on_get_one(guarded: Guarded, problem: Any) -> None:
    client = guarded.connect(guarded.make_key("tokens", Scope.SUBMIT)[1])
    with guarded.server.session() as session:
        project = client.get("/v1/access").json()["project"]["id"]
        job = transitions.create(session, Job(id=new_id("job"), name="here", epochs=1, project_id=project))
    problem(client.post(f"/v1/jobs/{job.id}/token"), 409)
    job_id = client.post("/v1/jobs", json={"external": True}).json()["id"]
    client.post(f"/v1/jobs/{job_id}/finish", json={"state": "failed"})
    problem(client.post(f"/v1/jobs/{job_id}/token"), 409)

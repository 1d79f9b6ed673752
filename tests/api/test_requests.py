"""Pausing, resuming, retrying, cloning and putting first, over HTTP."""

import io
import time
from typing import Any

import httpx
import numpy as np
import pytest

from core.database import utc_now
from core.identifiers import new_id
from core.jobs import transitions
from core.jobs.lease import claim, release
from core.jobs.metrics import MetricPoint
from core.jobs.recording import lock, record
from core.jobs.states import JobState
from core.tables import Job

MODEL = {
    "class_name": "Sequential",
    "config": [{"class_name": "Dense", "config": {"name": "d", "units": 1, "batch_input_shape": [None, 4]}}],
}


def queue_job(server: Any, **fields: Any) -> str:
    identifier = new_id("job")
    with server.session() as session:
        transitions.create(session, Job(id=identifier, name="waiting", spec={}, tags=[], epochs=3, **fields))
    return identifier


@pytest.fixture
def waiting_id(server: Any) -> str:
    return queue_job(server)


@pytest.fixture
def running_id(server: Any, waiting_id: str) -> str:
    with server.session() as session:
        claim(session, waiting_id, "worker-1", 3600)
        transitions.move(session, waiting_id, JobState.RUNNING, attempt=1)
    return waiting_id


@pytest.fixture
def trainable(api: httpx.Client) -> dict[str, Any]:
    """A request that is accepted."""
    file = io.BytesIO()
    np.savez(file, x=np.zeros((8, 4), np.float32), y=np.zeros((8, 1), np.float32))
    dataset = api.post("/v1/datasets", params={"name": "rows"}, content=file.getvalue()).json()["id"]
    return {
        "name": "pattern",
        "model": MODEL,
        "dataset": dataset,
        "compile": {"optimizer": {"class_name": "SGD", "config": {"lr": 0.5}}, "loss": "mse"},
        "fit": {"epochs": 3, "batch_size": 4},
        "tags": ["first"],
        "priority": -100,
        "time_limit_seconds": 60.0,
        "max_attempts": 2,
    }


class TestPause:
    def test_waiting_job_pauses_at_once_and_goes_on(self, api: httpx.Client, waiting_id: str) -> None:
        for verb, state in (("pause", "paused"), ("pause", "paused"), ("resume", "queued")):
            answer = api.post(f"/v1/jobs/{waiting_id}/{verb}")
            assert (answer.status_code, answer.json()["state"]) == (202, state)
        api.post(f"/v1/jobs/{waiting_id}/cancel")

    def test_running_job_stops_when_its_worker_says_so(
        self, api: httpx.Client, server: Any, running_id: str, problem: Any
    ) -> None:
        assert api.post(f"/v1/jobs/{running_id}/pause").json()["state"] == "pausing"
        told = problem(api.post(f"/v1/jobs/{running_id}/resume"), 409)
        assert "is pausing" in told["detail"]
        with server.session() as session:
            release(session, running_id, 1, "paused on request")
        job = api.get(f"/v1/jobs/{running_id}").json()
        assert job["state"] == "paused"
        (attempt,) = job["attempts"]
        assert (attempt["number"], attempt["worker"], attempt["outcome"], attempt["reason"]) == (
            1,
            "worker-1",
            "paused",
            "paused on request",
        )

    @pytest.mark.parametrize("verb", ["pause", "resume"])
    def test_ended_job_is_refused(self, api: httpx.Client, waiting_id: str, verb: str, problem: Any) -> None:
        api.post(f"/v1/jobs/{waiting_id}/cancel")
        assert "is cancelled" in problem(api.post(f"/v1/jobs/{waiting_id}/{verb}"), 409)["detail"]

    @pytest.mark.parametrize("verb", ["pause", "retry"])
    def test_run_elsewhere_is_refused(self, api: httpx.Client, job_id: str, verb: str, problem: Any) -> None:
        told = problem(api.post(f"/v1/jobs/{job_id}/{verb}"), 409)
        assert (told["type"], "elsewhere" in told["detail"]) == ("urn:kerasd:problem:external-run", True)

    @pytest.mark.parametrize("verb", ["pause", "resume", "retry", "clone"])
    def test_unknown_job_is_not_found(self, api: httpx.Client, verb: str, problem: Any) -> None:
        problem(api.post(f"/v1/jobs/{new_id('job')}/{verb}"), 404)


class TestRetry:
    @pytest.fixture
    def failed_id(self, server: Any, running_id: str) -> str:
        with server.session() as session:
            connection = session.connection()
            record(
                connection, lock(connection, running_id), [MetricPoint("epoch", 0, 0, {"loss": 0.5}, 0.0)], 1
            )
            session.get_one(Job, running_id).checkpoint_at = utc_now()
            session.flush()
            error = {"type": "run-crashed", "title": "It crashed"}
            transitions.move(
                session, running_id, JobState.FAILED, attempt=1, reason="It crashed", error=error
            )
        return running_id

    def test_failed_job_waits_again_with_what_it_learnt(
        self, api: httpx.Client, failed_id: str, problem: Any
    ) -> None:
        job = api.post(f"/v1/jobs/{failed_id}/retry").json()
        assert (job["state"], job["error"], job["epoch"], job["finished_at"]) == ("queued", None, 1, None)
        assert [row["reason"] for row in job["attempts"]] == ["It crashed"]
        assert "is queued" in problem(api.post(f"/v1/jobs/{failed_id}/retry"), 409)["detail"]
        api.post(f"/v1/jobs/{failed_id}/cancel")

    def test_from_scratch_forgets_everything(self, api: httpx.Client, failed_id: str) -> None:
        assert api.get(f"/v1/jobs/{failed_id}/metrics").json()["columns"]["step"] == [0]
        answer = api.post(f"/v1/jobs/{failed_id}/retry", json={"from_checkpoint": False})
        assert answer.status_code == 202, answer.text
        job = answer.json()
        assert (job["state"], job["epoch"], job["metrics"], job["best"]) == ("queued", 0, {}, None)
        assert api.get(f"/v1/jobs/{failed_id}/metrics").json()["columns"]["step"] == []
        api.post(f"/v1/jobs/{failed_id}/cancel")


class TestClone:
    def test_copy_has_everything_but_what_is_changed(
        self, api: httpx.Client, trainable: dict[str, Any]
    ) -> None:
        pattern = api.post("/v1/jobs", json=trainable).json()
        changes = {"name": "longer", "fit": {"epochs": 9}, "compile": {"optimizer": "adam"}}
        answer = api.post(f"/v1/jobs/{pattern['id']}/clone", json=changes)
        assert answer.status_code == 202, answer.text
        copy = answer.json()
        assert answer.headers["location"] == f"/v1/jobs/{copy['id']}"
        assert copy["cloned_from"] == pattern["id"]
        assert copy["links"]["cloned_from"] == f"/v1/jobs/{pattern['id']}"
        assert (copy["name"], copy["epochs"], copy["state"]) == ("longer", 9, "queued")
        same = ("model_id", "dataset_id", "tags", "priority", "time_limit_seconds", "max_attempts")
        assert {name: copy[name] for name in same} == {name: pattern[name] for name in same}
        assert copy["spec"]["fit"] == {**pattern["spec"]["fit"], "epochs": 9}
        assert copy["spec"]["compile"]["loss"] == "mse"
        assert "adam" in str(copy["spec"]["compile"]["optimizer"]).lower()
        again = api.post(f"/v1/jobs/{copy['id']}/clone").json()
        assert {**again["spec"], "seed": None} == {**copy["spec"], "seed": None}
        for job in (pattern, copy, again):
            api.post(f"/v1/jobs/{job['id']}/cancel")

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"fit": {"epochs": 0}}, "/fit/epochs"),
            ({"speed": 1}, "/speed"),
            ({"compile": {"loss": "mes"}}, "/compile/loss"),
        ],
    )
    def test_change_that_cannot_work_is_refused(
        self,
        api: httpx.Client,
        trainable: dict[str, Any],
        problem: Any,
        changes: dict[str, Any],
        pointer: str,
    ) -> None:
        pattern = api.post("/v1/jobs", json=trainable).json()
        problem(api.post(f"/v1/jobs/{pattern['id']}/clone", json=changes), 422, pointer)
        api.post(f"/v1/jobs/{pattern['id']}/cancel")

    def test_same_key_makes_one_copy(self, api: httpx.Client, job_id: str, problem: Any) -> None:
        headers = {"Idempotency-Key": new_id("job")}
        copies = [api.post(f"/v1/jobs/{job_id}/clone", headers=headers).json() for _ in range(2)]
        assert copies[0] == copies[1]
        assert (copies[0]["external"], copies[0]["epochs"], copies[0]["name"]) == (True, 4, "elsewhere")
        problem(api.post(f"/v1/jobs/{copies[0]['id']}/clone", headers=headers), 422)


class TestPriority:
    def test_changed_priority_changes_the_order(self, api: httpx.Client, server: Any) -> None:
        first, second = queue_job(server), queue_job(server)
        assert api.patch(f"/v1/jobs/{second}", json={"priority": 100}).json()["priority"] == 100
        places = [
            api.get(f"/v1/jobs/{identifier}").json()["queue_position"] for identifier in (first, second)
        ]
        assert places[1] == 1
        assert places[0] > 1
        for identifier in (first, second):
            api.post(f"/v1/jobs/{identifier}/cancel")

    @pytest.mark.parametrize("body", [{"priority": 101}, {"priority": -101}, {"name": "x"}, {}])
    def test_what_cannot_be_changed_is_refused(
        self, api: httpx.Client, job_id: str, body: dict[str, Any], problem: Any
    ) -> None:
        problem(api.patch(f"/v1/jobs/{job_id}", json=body), 422, f"/{next(iter(body), 'priority')}")


def test_job_that_waits_too_long_fails_without_any_worker(
    api: httpx.Client, trainable: dict[str, Any]
) -> None:
    answer = api.post("/v1/jobs", json={**trainable, "queue_timeout_seconds": 0.01})
    identifier = answer.json()["id"]
    assert answer.json()["queue_timeout_seconds"] == 0.01
    deadline = time.monotonic() + 30
    while (job := api.get(f"/v1/jobs/{identifier}").json())["state"] == "queued":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (job["state"], job["error"]["type"]) == ("failed", "queue-timeout")
    retried = api.post(f"/v1/jobs/{identifier}/retry").json()
    assert retried["state"] == "queued"
    api.post(f"/v1/jobs/{identifier}/cancel")

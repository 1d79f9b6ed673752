"""Jobs over HTTP: external runs, lists, cancelling and finishing."""

from typing import Any

import httpx
import pytest

from core.jobs import transitions
from core.jobs.lease import claim
from core.jobs.states import JobState
from core.tables import Job


def make_queued_job(server: Any, **fields: Any) -> str:
    """A waiting job as the service would queue it."""
    from_api = httpx.post(f"{server.url}/v1/jobs", json={"external": True}).json()["id"]
    identifier = from_api[:-1] + ("0" if from_api[-1] != "0" else "1")
    with server.session() as session:
        transitions.create(session, Job(id=identifier, name="waiting", spec={}, tags=[], epochs=3, **fields))
    return identifier


class TestExternalRuns:
    def test_runs_at_once_and_says_where(self, api: httpx.Client) -> None:
        body = {"external": True, "name": "my run", "epochs": 7, "tags": ["a", "b"]}
        answer = api.post("/v1/jobs", json=body)
        job = answer.json()
        assert answer.status_code == 202
        assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
        assert (job["state"], job["external"], job["epochs"], job["tags"]) == ("running", True, 7, ["a", "b"])
        assert job["links"]["publish"] == f"/v1/jobs/{job['id']}/publish/epoch/end/"
        assert api.get(answer.headers["location"]).json() == job

    def test_finishes_once(self, api: httpx.Client, job_id: str, problem: Any) -> None:
        for _ in range(2):
            answer = api.post(f"/v1/jobs/{job_id}/finish", json={"state": "succeeded"})
            assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
        assert answer.json()["progress"] == 1.0
        problem(api.post(f"/v1/jobs/{job_id}/finish", json={"state": "failed"}), 409)

    def test_failure_keeps_its_reason(self, api: httpx.Client, job_id: str) -> None:
        job = api.post(f"/v1/jobs/{job_id}/finish", json={"state": "failed", "detail": "no power"}).json()
        assert (job["state"], job["error"]["detail"]) == ("failed", "no power")

    def test_trained_job_is_not_finished_from_outside(
        self, api: httpx.Client, server: Any, problem: Any
    ) -> None:
        problem(api.post(f"/v1/jobs/{make_queued_job(server)}/finish", json={"state": "succeeded"}), 409)


class TestCancel:
    def test_waiting_job_ends_at_once(self, api: httpx.Client, server: Any) -> None:
        identifier = make_queued_job(server)
        for _ in range(2):
            answer = api.post(f"/v1/jobs/{identifier}/cancel")
            assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")

    def test_running_job_is_asked_to_stop(self, api: httpx.Client, server: Any) -> None:
        identifier = make_queued_job(server)
        with server.session() as session:
            claim(session, identifier, "worker-1", 30)
        answer = api.post(f"/v1/jobs/{identifier}/cancel").json()
        assert (answer["state"], answer["cancel_requested"]) == ("starting", True)

    def test_ended_job_stays(self, api: httpx.Client, job_id: str) -> None:
        api.post(f"/v1/jobs/{job_id}/finish", json={"state": "succeeded"})
        answer = api.post(f"/v1/jobs/{job_id}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (202, "succeeded")


class TestQueue:
    def test_higher_priority_goes_first(self, api: httpx.Client, server: Any) -> None:
        late = make_queued_job(server, priority=-5)
        early = make_queued_job(server, priority=90)
        try:
            assert api.get(f"/v1/jobs/{early}").json()["queue_position"] == 1
            place = api.get(f"/v1/jobs/{late}").json()["queue_position"]
            listed = {
                job["id"]: job["queue_position"] for job in api.get("/v1/jobs?state=queued").json()["data"]
            }
            assert place > 1
            assert (listed[late], listed[early]) == (place, 1)
        finally:
            for identifier in (late, early):
                api.post(f"/v1/jobs/{identifier}/cancel")


class TestLists:
    def test_pages_reach_every_job_once(self, api: httpx.Client) -> None:
        made = [
            api.post("/v1/jobs", json={"external": True, "tags": ["paged"]}).json()["id"] for _ in range(7)
        ]
        seen, after = [], None
        while True:
            query = {"tag": "paged", "limit": 3, **({"after": after} if after else {})}
            page = api.get("/v1/jobs", params=query).json()
            seen += [job["id"] for job in page["data"]]
            after = page["next"]
            assert page["has_more"] == (after is not None)
            if not page["has_more"]:
                break
        assert [identifier for identifier in seen if identifier in made] == made[::-1]
        assert len(set(seen)) == len(seen)

    def test_tag_is_matched_whole(self, api: httpx.Client) -> None:
        wanted = api.post("/v1/jobs", json={"external": True, "tags": ["blue_1"]}).json()["id"]
        api.post("/v1/jobs", json={"external": True, "tags": ["blue_12", "bluex1"]})
        found = [job["id"] for job in api.get("/v1/jobs?tag=blue_1").json()["data"]]
        assert wanted in found
        assert all("blue_1" in job["tags"] for job in api.get("/v1/jobs?tag=blue_1").json()["data"])

    def test_tag_and_states_together(self, api: httpx.Client) -> None:
        made = [
            api.post("/v1/jobs", json={"external": True, "tags": ["both", "both", tag]}).json()["id"]
            for tag in ("one", "two", "three")
        ]
        for identifier, state in zip(made, ("failed", "succeeded"), strict=False):
            api.post(f"/v1/jobs/{identifier}/finish", json={"state": state})

        def find(*states: str, **others: str) -> list[str]:
            query = [("tag", "both"), *(("state", state) for state in states), *others.items()]
            return [job["id"] for job in api.get("/v1/jobs", params=query).json()["data"]]

        assert find() == made[::-1]
        assert find("failed") == made[:1]
        assert find("failed", "running") == [made[2], made[0]]
        assert find(after=made[1]) == made[:1]
        assert find("queued") == []

    def test_states_can_be_joined(self, api: httpx.Client, job_id: str) -> None:
        api.post(f"/v1/jobs/{job_id}/finish", json={"state": "failed"})
        found = api.get(
            "/v1/jobs", params=[("state", "failed"), ("state", "cancelled"), ("limit", 1000)]
        ).json()
        assert job_id in {job["id"] for job in found["data"]}
        assert {job["state"] for job in found["data"]} <= {"failed", "cancelled"}

    @pytest.mark.parametrize("after", ["%00", "x", "job_1 OR 1=1"])
    def test_made_up_cursor_is_refused(self, api: httpx.Client, problem: Any, after: str) -> None:
        problem(api.get(f"/v1/jobs?after={after}"), 422)


def test_state_is_told_in_words_known_to_the_core(api: httpx.Client, job_id: str) -> None:
    assert JobState(api.get(f"/v1/jobs/{job_id}").json()["state"]) == JobState.RUNNING

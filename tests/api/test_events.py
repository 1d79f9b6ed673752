"""Events over HTTP: one cursor for push and poll."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx

from core.jobs import transitions
from core.jobs.events import append_log
from core.jobs.lease import claim
from core.jobs.states import JobState
from core.tables import Job


def follow(api: httpx.Client, job_id: str, **options: Any) -> Iterator[dict[str, Any]]:
    """Read Server-Sent Events until the server ends the stream."""
    with api.stream("GET", f"/v1/jobs/{job_id}/events", **options) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                yield {"id": int(fields["id"]), "event": fields["event"], "data": json.loads(fields["data"])}
                fields = {}


def publish(api: httpx.Client, job_id: str, epoch: int) -> None:
    api.post(f"/v1/jobs/{job_id}/publish/epoch/end/", json={"epoch": epoch, "loss": 1 / (epoch + 1)})


def run_to_the_end(api: httpx.Client, job_id: str) -> None:
    for epoch in range(3):
        publish(api, job_id, epoch)
    api.post(f"/v1/jobs/{job_id}/finish", json={"state": "succeeded"})


def test_whole_story_in_order(api: httpx.Client, job_id: str) -> None:
    run_to_the_end(api, job_id)
    story = list(follow(api, job_id))
    assert [entry["event"] for entry in story] == ["state", *["metrics"] * 3, "state", "end"]
    assert [entry["id"] for entry in story[:-1]] == sorted({entry["id"] for entry in story[:-1]})
    assert story[0]["data"]["state"] == "running"
    assert story[2]["data"] == {"kind": "epoch", "step": 1, "epoch": 1, "values": {"loss": 0.5}}
    assert story[-1]["data"] == {"state": "succeeded"}


def test_resumes_after_last_event_id(api: httpx.Client, job_id: str) -> None:
    run_to_the_end(api, job_id)
    story = list(follow(api, job_id))
    for position, entry in enumerate(story[:-1]):
        headers = {"Last-Event-ID": str(entry["id"])}
        assert list(follow(api, job_id, headers=headers)) == story[position + 1 :]
    assert list(follow(api, job_id, params={"since": story[1]["id"]})) == story[2:]


def test_last_event_id_wins_over_since(api: httpx.Client, job_id: str) -> None:
    run_to_the_end(api, job_id)
    story = list(follow(api, job_id))
    options = {"params": {"since": 0}, "headers": {"Last-Event-ID": str(story[2]["id"])}}
    assert list(follow(api, job_id, **options)) == story[3:]


def test_poll_reads_the_same(api: httpx.Client, job_id: str) -> None:
    run_to_the_end(api, job_id)
    pushed = list(follow(api, job_id))[:-1]
    polled, cursor = [], 0
    while True:
        query = {"format": "json", "since": cursor, "limit": 2}
        answer = api.get(f"/v1/jobs/{job_id}/events", params=query).json()
        if not answer["data"]:
            break
        polled += answer["data"]
        cursor = answer["cursor"]
    assert polled == pushed


def test_events_come_while_they_happen(api: httpx.Client, server: Any, job_id: str) -> None:
    with httpx.Client(base_url=server.url, timeout=20) as other:
        story = follow(other, job_id)
        assert next(story)["event"] == "state"
        for epoch in range(3):
            sent = time.monotonic()
            publish(api, job_id, epoch)
            assert next(story)["data"]["step"] == epoch
            assert time.monotonic() - sent < 2
        api.post(f"/v1/jobs/{job_id}/finish", json={"state": "failed"})
        assert [entry["event"] for entry in story] == ["state", "end"]


def test_many_followers_hear_everything(api: httpx.Client, server: Any, job_id: str) -> None:
    stories: list[list[dict[str, Any]]] = []

    def listen() -> None:
        with httpx.Client(base_url=server.url, timeout=30) as client:
            stories.append(list(follow(client, job_id)))

    threads = [threading.Thread(target=listen) for _ in range(50)]
    for thread in threads:
        thread.start()
    run_to_the_end(api, job_id)
    for thread in threads:
        thread.join(30)
    assert len(stories) == 50
    assert all(story == stories[0] for story in stories)


def test_log_is_text_and_resumes(api: httpx.Client, server: Any, job_id: str) -> None:
    identifier = job_id[:-2] + "ZX"
    with server.session() as session:
        transitions.create(session, Job(id=identifier, name="logged", spec={}, tags=[], epochs=1))
        claim(session, identifier, "worker-1", 30)
        append_log(session, identifier, [f"line {number}" for number in range(12_000)], attempt=1)
    whole = api.get(f"/v1/jobs/{identifier}/logs")
    assert whole.headers["content-type"].startswith("text/plain")
    assert whole.text.splitlines() == [f"line {number}" for number in range(12_000)]
    events = api.get(f"/v1/jobs/{identifier}/events", params={"format": "json", "limit": 10}).json()
    rest = api.get(f"/v1/jobs/{identifier}/logs", params={"since": events["cursor"]})
    assert rest.text.splitlines() == whole.text.splitlines()[8:]
    with server.session() as session:
        transitions.move(session, identifier, JobState.FAILED, attempt=1)


def test_wrong_last_event_id_is_told(api: httpx.Client, job_id: str, problem: Any) -> None:
    answer = api.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": "yesterday"})
    assert problem(answer, 422)["errors"][0]["parameter"] == "last-event-id"

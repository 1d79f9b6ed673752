"""Requests that race for one object end in one of the orders that are right."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api_process import ApiProcess

ROUNDS = 3
MODEL = {
    "class_name": "Sequential",
    "config": [{"class_name": "Dense", "config": {"name": "d", "units": 1, "batch_input_shape": [None, 1]}}],
}
TABLE = b"a,b\n1,2\n3,4\n5,6\n7,8\n"


def race(server: ApiProcess, *acts: Callable[[httpx.Client], httpx.Response]) -> list[httpx.Response]:
    """Do everything at the same moment. Returns: the answers in the order of the acts."""
    gate, answers = threading.Barrier(len(acts)), {}

    def run(place: int) -> None:
        with httpx.Client(base_url=server.url, timeout=120) as client:
            client.get("/healthz")  # the connection is there before the start
            gate.wait()
            answers[place] = acts[place](client)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(answer.status_code for answer in answers.values()) < 500, answers
    return [answers[place] for place in range(len(acts))]


def post(path: str, **request: Any) -> Callable[[httpx.Client], httpx.Response]:
    return lambda client: client.post(path, **request)


def delete(path: str) -> Callable[[httpx.Client], httpx.Response]:
    return lambda client: client.delete(path)


@pytest.fixture
def external(api: httpx.Client) -> Callable[[], str]:
    """Gives a function that opens a run that trains elsewhere and returns its address."""
    return lambda: f"/v1/jobs/{api.post('/v1/jobs', json={'external': True, 'epochs': 2}).json()['id']}"


@pytest.mark.parametrize("deleted", ["dataset", "model"])
def test_deleting_what_jobs_are_submitted_on(api: httpx.Client, server: ApiProcess, deleted: str) -> None:
    for _ in range(ROUNDS):
        parts = {
            "dataset": api.post("/v1/datasets", content=TABLE).json()["id"],
            "model": api.post("/v1/models", json=MODEL).json()["id"],
        }
        data = {"x": "a", "y": "b"}
        job = {**parts, "data": data, "compile": {"optimizer": "sgd", "loss": "mse"}, "fit": {"epochs": 1}}
        address = f"/v1/{deleted}s/{parts[deleted]}"
        *submitted, gone, again = race(server, *[post("/v1/jobs", json=job)] * 4, *[delete(address)] * 2)
        accepted = [answer for answer in submitted if answer.status_code == 202]
        assert {answer.status_code for answer in submitted} <= {202, 409, 422}
        if accepted:
            assert {gone.status_code, again.status_code} == {409}
            assert api.get(address).is_success
        else:
            assert sorted([gone.status_code, again.status_code]) == [204, 404]
            assert api.get(address).status_code == 404
        for answer in accepted:
            assert api.get(f"/v1/jobs/{answer.json()['id']}").json()[f"{deleted}_id"] == parts[deleted]


def test_cancelling_what_finishes(api: httpx.Client, server: ApiProcess, external: Callable[[], str]) -> None:
    for _ in range(ROUNDS):
        address = external()
        acts = [
            post(f"{address}/finish", json={"state": "succeeded"}),
            post(f"{address}/finish", json={"state": "failed"}),
            post(f"{address}/cancel"),
        ]
        succeeded, failed, cancelled = race(server, *acts)
        state = api.get(address).json()["state"]
        assert cancelled.status_code == 202
        assert [succeeded.status_code, failed.status_code] == {
            "succeeded": [200, 409], "failed": [409, 200], "cancelled": [409, 409],
        }[state]  # fmt: skip
        with api.stream("GET", f"{address}/events") as events:
            told = [line for line in events.iter_lines() if '"attempt":' in line]
        assert len(told) == 2, told  # it ran, and it ended once


def test_ends_and_metrics(api: httpx.Client, server: ApiProcess, external: Callable[[], str]) -> None:
    """What the API has taken is there, whenever the run ended."""
    address = external()
    body = [
        {"points": [{"kind": "epoch", "step": step, "values": {"loss": step}, "recorded_at": 1.0}]}
        for step in range(8)
    ]
    *told, _ = race(
        server, *[post(f"{address}/metrics", json=each) for each in body], post(f"{address}/cancel")
    )
    taken = [step for step, answer in enumerate(told) if answer.is_success]
    assert {answer.status_code for answer in told} <= {200, 409}
    assert api.get(f"{address}/metrics").json()["columns"].get("step", []) == taken


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        ("/v1/datasets", {"content": TABLE}),
        ("/v1/models", {"json": MODEL}),
        ("/v1/jobs", {"json": {"external": True}}),
    ],
)
def test_one_key_from_eight_clients(
    api: httpx.Client, server: ApiProcess, path: str, request_: dict[str, Any]
) -> None:
    before = len(api.get(path, params={"limit": 100}).json()["data"])
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    answers = race(server, *[post(path, headers=headers, **request_)] * 8)
    assert len({answer.content for answer in answers}) == 1
    assert {answer.status_code for answer in answers} <= {201, 202}
    replayed = Counter("idempotency-replayed" in answer.headers for answer in answers)
    assert replayed == {False: 1, True: 7}
    if before < 100:
        assert len(api.get(path, params={"limit": 100}).json()["data"]) == min(before + 1, 100)


def test_pausing_and_resuming_what_waits(api: httpx.Client, server: ApiProcess) -> None:
    dataset, model = api.post("/v1/datasets", content=TABLE).json()["id"], MODEL
    job = {"model": model, "dataset": dataset, "data": {"x": "a", "y": "b"}}
    job |= {"compile": {"optimizer": "sgd", "loss": "mse"}, "fit": {"epochs": 1}}
    address = f"/v1/jobs/{api.post('/v1/jobs', json=job).json()['id']}"
    for _ in range(ROUNDS):
        answers = race(server, *[post(f"{address}/pause"), post(f"{address}/resume")] * 3)
        assert {answer.status_code for answer in answers} <= {202, 409}
        assert api.get(address).json()["state"] in {"queued", "paused"}
    cancelled, *_ = race(server, *[post(f"{address}/cancel")] * 3, post(f"{address}/resume"))
    assert cancelled.status_code == 202
    assert api.get(address).json()["state"] == "cancelled"

"""A create with an Idempotency-Key happens once."""

import threading
import uuid
from typing import Any

import httpx

BODY = {"external": True, "name": "once"}


def post(api: httpx.Client, key: str, body: dict[str, Any] = BODY) -> httpx.Response:
    return api.post("/v1/jobs", json=body, headers={"Idempotency-Key": key})


def test_same_key_and_body_get_the_same_answer(api: httpx.Client) -> None:
    key = uuid.uuid4().hex
    first, second = post(api, key), post(api, key)
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"


def test_order_and_spacing_of_the_body_do_not_matter(api: httpx.Client) -> None:
    key = uuid.uuid4().hex
    headers = {"Idempotency-Key": key, "content-type": "application/json"}
    first = api.post("/v1/jobs", content=b'{"external":true,"name":"once"}', headers=headers)
    second = api.post("/v1/jobs", content=b'{ "name": "once", "external": true }', headers=headers)
    assert second.json()["id"] == first.json()["id"]


def test_a_field_with_its_default_counts_as_left_out(api: httpx.Client) -> None:
    key = uuid.uuid4().hex
    first, second = post(api, key), post(api, key, {**BODY, "priority": 0, "seed": None, "tags": []})
    assert second.json()["id"] == first.json()["id"]


def test_same_key_and_other_body_are_refused(api: httpx.Client, problem: Any) -> None:
    key = uuid.uuid4().hex
    post(api, key)
    assert key in problem(post(api, key, {"external": True, "name": "other"}), 422)["detail"]


def test_refused_request_frees_its_key(api: httpx.Client, problem: Any) -> None:
    key = uuid.uuid4().hex
    problem(post(api, key, {"external": True, "dataset": "dst_nowhere"}), 422)
    assert post(api, key).status_code == 202


def test_key_belongs_to_its_route(api: httpx.Client) -> None:
    key = uuid.uuid4().hex
    post(api, key)
    headers = {"Idempotency-Key": key}
    answer = api.post("/v1/datasets", content=b"a,b\n1,2\n", headers=headers)
    assert answer.status_code == 201, answer.text


def test_requests_at_the_same_moment_create_one_job(api: httpx.Client) -> None:
    key, answers, gate = uuid.uuid4().hex, [], threading.Barrier(8)

    def send() -> None:
        gate.wait()
        answers.append(post(api, key))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_empty_key_is_refused(api: httpx.Client, problem: Any) -> None:
    problem(post(api, ""), 422)

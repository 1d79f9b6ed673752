"""How many requests a key may send, how large they may be, and how many wrong keys an address."""

from typing import Any

import httpx
import pytest

from api.perimeter.rates import Allowance, Buckets
from core.access.keys import Limits
from core.access.scopes import Scope
from tests.api.access.conftest import Guarded

WRONG = "kerasd_aaaaaaaa_" + "a" * 43


class TestBuckets:
    def setup_method(self) -> None:
        self.now = 1000.0
        self.buckets = Buckets(lambda: self.now)

    def take(self, count: int, per_minute: int = 60) -> list[Allowance]:
        return [self.buckets.take("a", per_minute) for _ in range(count)]

    def test_a_minute_s_worth_at_once_and_no_more(self) -> None:
        taken = self.take(61)
        assert [allowance.is_granted for allowance in taken] == [True] * 60 + [False]
        assert [allowance.remaining for allowance in taken[:3]] == [59, 58, 57]
        assert taken[59].remaining == 0
        assert taken[60].retry_seconds == pytest.approx(1)
        assert taken[60].reset_seconds == pytest.approx(60)

    def test_they_come_back_evenly(self) -> None:
        self.take(60)
        self.now += 2.5
        assert [allowance.is_granted for allowance in self.take(3)] == [True, True, False]

    def test_who_waits_has_all_again(self) -> None:
        self.take(60)
        self.now += 3600
        assert [allowance.remaining for allowance in self.take(1)] == [59]

    def test_refusals_cost_nothing(self) -> None:
        self.take(1000)
        self.now += 1
        assert self.take(1)[0].is_granted

    def test_looking_takes_nothing(self) -> None:
        assert [self.buckets.look("a", 1).is_granted for _ in range(3)] == [True] * 3
        self.take(1, per_minute=1)
        assert not self.buckets.look("a", 1).is_granted

    def test_others_have_their_own(self) -> None:
        self.take(60)
        assert self.buckets.take("b", 60).is_granted

    def test_full_ones_are_forgotten(self) -> None:
        for number in range(100):
            self.buckets.take(str(number), 60)
        self.now += 3600
        self.take(1)
        assert len(self.buckets._full_at) == 1


def test_a_key_that_asks_too_often_is_told_when_to_come_back(guarded: Guarded, problem: Any) -> None:
    _, key = guarded.make_key("a", Scope.READ, limits=Limits(requests_per_minute=5))
    client = guarded.connect(key)
    answers = [client.get("/v1/jobs") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].headers["ratelimit-policy"] == '"requests";q=5;w=60'
    assert answers[0].headers["ratelimit"].startswith('"requests";r=4;t=')
    refused = client.get("/v1/jobs")
    assert problem(refused, 429)["type"] == "urn:kerasd:problem:too-many-requests"
    assert 1 <= int(refused.headers["retry-after"]) <= 12
    assert refused.headers["ratelimit"].startswith('"requests";r=0;t=')
    _, other = guarded.make_key("a", Scope.READ)
    assert guarded.connect(other).get("/v1/jobs").status_code == 200


def test_metrics_are_counted_apart_and_generously(guarded: Guarded) -> None:
    _, key = guarded.make_key("a", Scope.SUBMIT, limits=Limits(requests_per_minute=2))
    client = guarded.connect(key)
    job = client.post("/v1/jobs", json={"external": True, "epochs": 100}).json()["id"]
    reports = [
        client.post(f"/v1/jobs/{job}/publish/epoch/end/", data={"data": f'{{"epoch": {epoch}, "loss": 1}}'})
        for epoch in range(40)
    ]
    assert {answer.status_code for answer in reports} == {200}
    assert reports[0].headers["ratelimit-policy"] == '"reports";q=100;w=60'
    assert client.get("/v1/jobs").status_code == 200
    assert client.get("/v1/jobs").status_code == 429


def test_keys_have_a_limit_by_default_and_services_without_keys_none(
    guarded: Guarded, api: httpx.Client
) -> None:
    _, key = guarded.make_key("a", Scope.READ)
    answer = guarded.connect(key).get("/v1/jobs")
    assert answer.headers["ratelimit-policy"] == '"requests";q=1200;w=60'
    assert "ratelimit-policy" not in api.get("/v1/jobs").headers


def test_wrong_keys_are_limited_by_address_and_right_ones_go_on(guarded: Guarded, problem: Any) -> None:
    _, key = guarded.make_key("a", Scope.READ)
    url = f"{guarded.server.url}/v1/jobs"
    address = {"X-Forwarded-For": "203.0.113.5"}

    def send(key: str, **headers: str) -> httpx.Response:
        return guarded.connect().get(url, headers={"X-API-Key": key, **address, **headers})

    assert send(key).status_code == 200
    assert [send(WRONG).status_code for _ in range(60)] == [401] * 60
    refused = send(WRONG)
    while refused.status_code == 401:  # one is let in each second
        refused = send(WRONG)
    problem(refused, 429)
    assert refused.headers["retry-after"] == "1"
    assert send(key).status_code == 200  # known to be right
    _, other = guarded.make_key("a", Scope.READ)
    assert send(other, **{"X-Forwarded-For": "203.0.113.6"}).status_code == 200


def test_a_key_s_own_limit_of_bodies_counts_where_it_is_smaller(guarded: Guarded, problem: Any) -> None:
    _, small = guarded.make_key("a", Scope.SUBMIT, limits=Limits(max_body_bytes=100))
    _, large = guarded.make_key("a", Scope.SUBMIT, limits=Limits(max_body_bytes=10**12))
    rows = b"a,b\n" + b"1,2\n" * 100
    answer = guarded.connect(small).post("/v1/datasets", content=rows)
    assert "max_body_bytes of the key" in problem(answer, 413)["detail"]
    in_chunks = guarded.connect(small).post("/v1/datasets", content=iter([rows[:200], rows[200:]]))
    problem(in_chunks, 413)
    assert guarded.connect(small).post("/v1/datasets", content=rows[:80]).status_code == 201
    assert guarded.connect(large).post("/v1/datasets", content=rows).status_code == 201
    over = guarded.connect(large).post("/v1/jobs", content=b" " * (16 * 1024**2 + 1))
    assert "setting max_body_bytes" in problem(over, 413)["detail"]

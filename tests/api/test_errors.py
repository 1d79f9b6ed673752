"""Every error is a problem with a place and a reason, never a 500."""

import http.client
from typing import Any

import httpx
import pytest

UNKNOWN_JOB = "job_" + "0" * 26


class TestAddresses:
    def test_unknown_address_is_a_problem(self, api: httpx.Client, problem: Any) -> None:
        assert "/v1/nothing" in problem(api.get("/v1/nothing"), 404)["detail"]

    def test_wrong_method_names_the_right_ones(self, api: httpx.Client, problem: Any) -> None:
        answer = api.put("/v1/jobs")
        problem(answer, 405)
        assert answer.headers["allow"] == "GET, POST"

    @pytest.mark.parametrize(
        "path",
        [
            f"/v1/jobs/{UNKNOWN_JOB}",
            f"/v1/jobs/{UNKNOWN_JOB}/metrics",
            f"/v1/jobs/{UNKNOWN_JOB}/events",
            f"/v1/jobs/{UNKNOWN_JOB}/logs",
            f"/v1/jobs/{UNKNOWN_JOB}/artifacts",
            f"/v1/jobs/{UNKNOWN_JOB}/artifacts/model.h5",
            "/v1/jobs/../etc",
            "/v1/jobs/%00",
            "/v1/jobs/job_%F0%9F%92%A9",
            "/v1/models/mdl_" + "Z" * 26,
            "/v1/datasets/dst_" + "Z" * 26,
        ],
    )
    def test_unknown_object_is_404(self, api: httpx.Client, problem: Any, path: str) -> None:
        problem(api.get(path), 404)


class TestBodies:
    def test_broken_json_tells_the_place(self, api: httpx.Client, problem: Any) -> None:
        answer = api.post("/v1/jobs", content=b'{"name": ', headers={"content-type": "application/json"})
        assert "character 9" in problem(answer, 400)["detail"]

    @pytest.mark.parametrize(
        "body",
        [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b'{"seed": ' + b"9" * 10_000 + b"}"],
        ids=["deep list", "deep object", "no text", "huge number"],
    )
    def test_hostile_json_is_400(self, api: httpx.Client, problem: Any, body: bytes) -> None:
        problem(api.post("/v1/jobs", content=body, headers={"content-type": "application/json"}), 400)

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"external": True, "colour": 1}, "/colour"),
            ({"external": "yes"}, "/external"),
            ({"external": True, "fit": {"epochs": 0}}, "/fit/epochs"),
            ({"external": True, "fit": {"epochs": True}}, "/fit/epochs"),
            ({"external": True, "tags": ["ok", "not ok"]}, "/tags/1"),
            ({"external": True, "name": "two\nlines"}, "/name"),
            ({"external": True, "name": "nul\x00"}, "/name"),
            ({"external": True, "seed": 2**70}, "/seed"),
            ({"external": True, "mixed_precision": "float16"}, "/mixed_precision"),
            ({"external": True, "data": {"x": 3}}, "/data/x"),
            ({"external": True, "dataset": "dst_nowhere"}, "/dataset"),
            ({"external": True, "compile": {"loss": "mse"}}, "/compile"),
            ([1, 2], ""),
        ],
    )
    def test_wrong_field_is_pointed_at(
        self, api: httpx.Client, problem: Any, body: Any, pointer: str
    ) -> None:
        problem(api.post("/v1/jobs", json=body), 422, pointer)

    def test_all_faults_are_told_at_once(self, api: httpx.Client, problem: Any) -> None:
        found = problem(api.post("/v1/jobs", json={"priority": "high", "seed": -1}), 422)
        assert {fault["pointer"] for fault in found["errors"]} == {"/priority", "/seed"}

    def test_deep_nesting_is_refused(self, api: httpx.Client, problem: Any) -> None:
        deep: Any = {}
        for _ in range(200):
            deep = {"a": deep}
        problem(api.post("/v1/jobs", json={"model": deep, "dataset": "x"}), 422)

    @pytest.mark.parametrize("text", ["NaN", "Infinity", '"\\ud800"', '"\\u0000"'])
    def test_what_json_cannot_hold_is_refused(self, api: httpx.Client, problem: Any, text: str) -> None:
        optimizer = f'{{"class_name": "SGD", "config": {{"lr": {text}}}}}'
        body = f'{{"compile": {{"loss": "mse", "optimizer": {optimizer}}}}}'
        answer = api.post("/v1/jobs", content=body, headers={"content-type": "application/json"})
        problem(answer, 422, "/compile/optimizer/config/lr")

    def test_wrong_query_names_the_parameter(self, api: httpx.Client, problem: Any) -> None:
        found = problem(api.get("/v1/jobs", params={"limit": 0, "state": "asleep"}), 422)
        assert {fault["parameter"].split(".")[0] for fault in found["errors"]} >= {"limit"}

    def test_nothing_is_kept_of_a_refused_request(self, api: httpx.Client, problem: Any) -> None:
        before = api.get("/v1/jobs").json()
        problem(api.post("/v1/jobs", json={"external": True, "epochs": 0}), 422, "/epochs")
        assert api.get("/v1/jobs").json() == before


class TestBodyLimit:
    LIMIT = 16 * 1024**2

    def test_announced_length_over_the_limit(self, api: httpx.Client, problem: Any) -> None:
        body = b'{"name": "' + b"a" * self.LIMIT + b'"}'
        found = problem(api.post("/v1/jobs", content=body, headers={"content-type": "application/json"}), 413)
        assert str(self.LIMIT) in found["detail"]
        assert "max_body_bytes" in found["detail"]

    def test_chunks_over_the_limit(self, api: httpx.Client, problem: Any) -> None:
        chunks = (b" " * 1024**2 for _ in range(17))
        headers = {"content-type": "application/json"}
        problem(api.post("/v1/jobs", content=chunks, headers=headers), 413)

    def test_expectation_is_answered_before_the_body(self, server: Any) -> None:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
        connection.putrequest("POST", "/v1/jobs")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(self.LIMIT + 1))
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == 413
        assert answer.getheader("content-type") == "application/problem+json"
        connection.close()


def test_failure_of_the_server_is_a_problem_too(api: httpx.Client, server: Any, problem: Any) -> None:
    dataset = api.post("/v1/datasets", content=b"lost,file\n1,2\n").json()
    digest = dataset["sha256"]
    (server.home / "objects" / "sha256" / digest[:2] / digest).unlink()
    for _ in range(3):
        found = problem(api.get(f"/v1/datasets/{dataset['id']}/preview"), 500)
        assert "Traceback" not in found["detail"]
    api.delete(f"/v1/datasets/{dataset['id']}")

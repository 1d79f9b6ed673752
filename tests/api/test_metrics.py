"""Metrics over HTTP: reported by workers and by stock Keras, read as JSON and CSV from a cursor."""

import json
import math
from typing import Any

import httpx
import pytest

from core.jobs import transitions
from core.jobs.lease import claim
from core.tables import Job


def publish(api: httpx.Client, job_id: str, text: str) -> httpx.Response:
    """Send an epoch as `RemoteMonitor` of stock Keras does."""
    return api.post(f"/v1/jobs/{job_id}/publish/epoch/end/", data={"data": text})


def read(api: httpx.Client, job_id: str, **query: Any) -> dict[str, Any]:
    answer = api.get(f"/v1/jobs/{job_id}/metrics", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


class TestRemoteMonitor:
    def test_form_field_and_json_body(self, api: httpx.Client, job_id: str) -> None:
        assert publish(api, job_id, '{"epoch": 0, "loss": 0.5, "acc": 0.25}').json() == {"recorded": 1}
        answer = api.post(f"/v1/jobs/{job_id}/publish/epoch/end/", json={"epoch": 1, "loss": 0.25})
        assert answer.json() == {"recorded": 1}
        columns = read(api, job_id)["columns"]
        assert (columns["step"], columns["loss"], columns["acc"]) == ([0, 1], [0.5, 0.25], [0.25, None])
        job = api.get(f"/v1/jobs/{job_id}").json()
        assert (job["epoch"], job["progress"], job["metrics"]) == (2, 0.5, {"loss": 0.25})
        assert job["best"] == {"name": "loss", "value": 0.25, "epoch": 1}

    def test_the_best_epoch_is_that_of_the_validation(self, api: httpx.Client, job_id: str) -> None:
        for epoch, (loss, val_loss) in enumerate(((0.5, 0.75), (0.25, 0.5), (0.125, 0.625))):
            logs = {"epoch": epoch, "loss": loss, "val_loss": val_loss}
            assert api.post(f"/v1/jobs/{job_id}/publish/epoch/end/", json=logs).is_success
        best = api.get(f"/v1/jobs/{job_id}").json()["best"]
        assert best == {"name": "val_loss", "value": 0.5, "epoch": 1}

    def test_other_field_name(self, api: httpx.Client, job_id: str) -> None:
        answer = api.post(f"/v1/jobs/{job_id}/publish/epoch/end/", data={"json": '{"epoch": 0, "loss": 1}'})
        assert answer.json() == {"recorded": 1}

    def test_bare_words_for_what_is_no_number(self, api: httpx.Client, job_id: str) -> None:
        publish(api, job_id, '{"epoch": 0, "loss": NaN, "a": Infinity, "b": -Infinity, "lr": "nan"}')
        columns = read(api, job_id)["columns"]
        words = [columns[name] for name in ("loss", "a", "b", "lr")]
        assert words == [["NaN"], ["Infinity"], ["-Infinity"], ["NaN"]]
        assert api.get(f"/v1/jobs/{job_id}").json()["metrics"]["loss"] == "NaN"

    def test_repeat_changes_nothing(self, api: httpx.Client, job_id: str) -> None:
        publish(api, job_id, '{"epoch": 0, "loss": 0.5}')
        before = read(api, job_id)
        assert publish(api, job_id, '{"epoch": 0, "loss": 0.5}').json() == {"recorded": 0}
        assert read(api, job_id) == before

    @pytest.mark.parametrize(
        ("text", "status", "pointer"),
        [
            ("no json", 400, ""),
            ("", 400, ""),
            ("[" * 100_000, 400, ""),
            ("[1]", 422, ""),
            ('{"loss": 1}', 422, "/epoch"),
            ('{"epoch": -1}', 422, "/epoch"),
            ('{"epoch": 1.5}', 422, "/epoch"),
            ('{"epoch": true}', 422, "/epoch"),
            ('{"epoch": 99999999999}', 422, "/epoch"),
            ('{"epoch": 0, "loss": "high"}', 422, "/loss"),
            ('{"epoch": 0, "loss": null}', 422, "/loss"),
            ('{"epoch": 0, "loss": ' + "9" * 400 + "}", 422, "/loss"),
            ('{"epoch": 0, "a\\u0000b": 1}', 422, ""),
            ('{"epoch": 0, "\\ud800": 1}', 422, ""),
        ],
    )
    def test_wrong_payload(
        self, api: httpx.Client, job_id: str, problem: Any, text: str, status: int, pointer: str
    ) -> None:
        problem(publish(api, job_id, text), status, pointer)
        assert read(api, job_id)["columns"]["step"] == []

    def test_ended_run_takes_no_more(self, api: httpx.Client, job_id: str, problem: Any) -> None:
        api.post(f"/v1/jobs/{job_id}/finish", json={"state": "succeeded"})
        problem(publish(api, job_id, '{"epoch": 0, "loss": 1}'), 409)


def make_claimed_job(server: Any, identifier: str) -> None:
    """A job at attempt 1, as a worker has it."""
    with server.session() as session:
        transitions.create(session, Job(id=identifier, name="claimed", spec={}, tags=[], epochs=3))
        claim(session, identifier, "worker-1", 30)


class TestWorkerReports:
    POINT = {"kind": "epoch", "step": 0, "epoch": 0, "values": {"loss": 0.5}, "recorded_at": 1e9}

    def test_points_of_the_attempt_are_kept(self, api: httpx.Client, server: Any, job_id: str) -> None:
        claimed = job_id[:-2] + "ZZ"
        make_claimed_job(server, claimed)
        batch = {"kind": "batch", "step": 12, "epoch": 0, "values": {"loss": 0.7}, "recorded_at": 1e9}
        body = {"attempt": 1, "points": [self.POINT, batch]}
        assert api.post(f"/v1/jobs/{claimed}/metrics", json=body).json() == {"recorded": 2}
        assert api.post(f"/v1/jobs/{claimed}/metrics", json=body).json() == {"recorded": 0}
        assert read(api, claimed, kind="batch")["columns"]["step"] == [12]
        assert read(api, claimed)["columns"]["recorded_at"] == [1e9]

    def test_stale_attempt_must_stop(self, api: httpx.Client, server: Any, job_id: str, problem: Any) -> None:
        claimed = job_id[:-2] + "ZY"
        make_claimed_job(server, claimed)
        answer = api.post(f"/v1/jobs/{claimed}/metrics", json={"attempt": 2, "points": [self.POINT]})
        assert problem(answer, 409)["type"].endswith("stale-attempt")
        problem(api.post(f"/v1/jobs/{claimed}/metrics", json={"points": [self.POINT]}), 422, "/attempt")
        assert read(api, claimed)["columns"]["step"] == []

    def test_bare_words_are_taken(self, api: httpx.Client, job_id: str) -> None:
        body = json.dumps({"points": [{**self.POINT, "values": {"loss": math.nan}}]})
        headers = {"content-type": "application/json"}
        assert api.post(f"/v1/jobs/{job_id}/metrics", content=body, headers=headers).json() == {"recorded": 1}
        assert read(api, job_id)["columns"]["loss"] == ["NaN"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"kind": "week"}, "/points/0/kind"),
            ({"step": -1}, "/points/0/step"),
            ({"step": 2**60}, "/points/0/step"),
            ({"values": {"loss": "x"}}, "/points/0/values/loss"),
            ({"recorded_at": -5}, "/points/0/recorded_at"),
            ({"extra": 1}, "/points/0/extra"),
        ],
    )
    def test_wrong_point(
        self, api: httpx.Client, job_id: str, problem: Any, change: dict[str, Any], pointer: str
    ) -> None:
        problem(
            api.post(f"/v1/jobs/{job_id}/metrics", json={"points": [{**self.POINT, **change}]}), 422, pointer
        )


class TestReading:
    def test_cursor_gives_only_what_is_new(self, api: httpx.Client, job_id: str) -> None:
        publish(api, job_id, '{"epoch": 0, "loss": 0.5}')
        cursor = read(api, job_id)["cursor"]
        assert read(api, job_id, since=cursor)["columns"]["step"] == []
        publish(api, job_id, '{"epoch": 1, "loss": 0.4}')
        news = read(api, job_id, since=cursor)
        assert (news["columns"]["step"], news["columns"]["loss"]) == ([1], [0.4])
        assert news["cursor"] > cursor

    def test_corrected_value_comes_after_the_cursor(self, api: httpx.Client, job_id: str) -> None:
        publish(api, job_id, '{"epoch": 0, "loss": 0.5}')
        cursor = read(api, job_id)["cursor"]
        publish(api, job_id, '{"epoch": 0, "loss": 0.6}')
        assert read(api, job_id, since=cursor)["columns"]["loss"] == [0.6]

    def test_late_step_stands_in_its_place(self, api: httpx.Client, job_id: str) -> None:
        for epoch in (2, 0, 1):
            publish(api, job_id, json.dumps({"epoch": epoch, "loss": epoch / 10}))
        assert read(api, job_id)["columns"]["loss"] == [0.0, 0.1, 0.2]

    def test_a_history_that_was_read_goes_on(self, api: httpx.Client, job_id: str) -> None:
        def tell(**values: float) -> dict[str, Any]:
            publish(api, job_id, json.dumps(values))
            found: dict[str, Any] = read(api, job_id)["columns"]
            found.pop("recorded_at")
            return found

        assert tell(epoch=0, loss=0.5) == {"step": [0], "epoch": [0], "loss": [0.5]}
        assert tell(epoch=1, loss=0.4) == {"step": [0, 1], "epoch": [0, 1], "loss": [0.5, 0.4]}
        late = {"step": [0, 1, 3], "epoch": [0, 1, 3], "loss": [0.5, 0.4, 0.3], "acc": [None, None, 0.7]}
        assert tell(epoch=3, loss=0.3, acc=0.7) == late
        corrected = {**late, "loss": [0.5, 0.6, 0.3]}
        assert tell(epoch=1, loss=0.6) == corrected
        assert tell(epoch=1, loss=0.6) == corrected
        longer = {"step": [0, 1, 3, 4], "epoch": [0, 1, 3, 4], "acc": [None, None, 0.7, 0.8]}
        assert tell(epoch=4, acc=0.8) == {**longer, "loss": [0.5, 0.6, 0.3, None]}
        only = read(api, job_id, names="acc")["columns"]
        assert (only["step"], only["acc"]) == ([3, 4], [0.7, 0.8])

    def test_names_choose_columns(self, api: httpx.Client, job_id: str) -> None:
        publish(api, job_id, '{"epoch": 0, "loss": 1, "acc": 2, "lr": 3}')
        columns = read(api, job_id, names="loss,lr")["columns"]
        assert set(columns) == {"step", "epoch", "recorded_at", "loss", "lr"}

    def test_etag_saves_the_answer(self, api: httpx.Client, job_id: str) -> None:
        publish(api, job_id, '{"epoch": 0, "loss": 0.5}')
        address = f"/v1/jobs/{job_id}/metrics"
        etag = api.get(address).headers["etag"]
        same = api.get(address, headers={"If-None-Match": f'"other", W/{etag}'})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        assert api.get(address, params={"format": "csv"}, headers={"If-None-Match": etag}).status_code == 200
        publish(api, job_id, '{"epoch": 1, "loss": 0.4}')
        assert api.get(address, headers={"If-None-Match": etag}).status_code == 200

    def test_csv_by_query_and_by_accept(self, api: httpx.Client, job_id: str) -> None:
        publish(api, job_id, '{"epoch": 0, "loss": 0.5, "acc": NaN}')
        address = f"/v1/jobs/{job_id}/metrics"
        by_query = api.get(address, params={"format": "csv"})
        by_accept = api.get(address, headers={"Accept": "text/csv"})
        assert by_query.content == by_accept.content
        header, row, end = by_query.text.split("\r\n")
        cells = dict(zip(header.split(","), row.split(",")))
        assert (cells["step"], cells["loss"], cells["acc"], end) == ("0", "0.5", "NaN", "")
        assert by_query.headers["content-type"].startswith("text/csv")

    def test_csv_runs_no_formula(self, api: httpx.Client, job_id: str) -> None:
        publish(api, job_id, json.dumps({"epoch": 0, '=HYPERLINK("http://x")': 1, "+a": 2, "@b": 3, "-c": 4}))
        header = api.get(f"/v1/jobs/{job_id}/metrics?format=csv").text.split("\r\n")[0]
        names = header.removeprefix("step,epoch,recorded_at,").replace('"', "")
        assert all(name.startswith("'") for name in names.split(","))

"""Predictions over HTTP, with the worker's part of the contract played on the database and the store."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np
import pytest
from sqlalchemy import select

from core.database import utc_now
from core.settings import Settings
from core.storage import open_store
from core.tables import Prediction
from tests.trained_job import add_trained_job

INPUTS = [{"name": "dense_1_input", "shape": [None, 3], "dtype": "float32", "vocabulary_size": None}]
TWO_INPUTS = [
    {"name": "file", "shape": [None, 2], "dtype": "float32", "vocabulary_size": None},
    {"name": "words", "shape": [None, None], "dtype": "int32", "vocabulary_size": 10},
]


@contextmanager
def answer_predictions(server: Any, compute: Any) -> Iterator[None]:
    """Answer every waiting prediction in the background: `compute` gets arrays by input name."""
    store, stop = open_store(Settings(home=server.home)), threading.Event()

    def answer(prediction: Prediction) -> None:
        with store.open(prediction.input_sha256) as file, np.load(file) as arrays:
            inputs = dict(arrays)
        try:
            buffer = io.BytesIO()
            np.savez(buffer, **compute(inputs))
            prediction.output_sha256 = store.put_stream([buffer.getvalue()]).sha256
            prediction.state = "done"
        except ArithmeticError as exc:
            prediction.state, prediction.error = "failed", {"detail": str(exc)}
        prediction.finished_at = utc_now()

    def work() -> None:
        while not stop.is_set():
            with server.session() as session:
                for prediction in session.scalars(select(Prediction).where(Prediction.state == "queued")):
                    answer(prediction)
            time.sleep(0.01)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def double(inputs: dict[str, Any]) -> dict[str, Any]:
    return {"dense_1": inputs["dense_1_input"] * 2}


@pytest.fixture
def trained(server: Any, job_id: str) -> str:
    return add_trained_job(server, job_id, INPUTS)


def to_npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


class TestForms:
    X = np.array([[1, 2, 3], [4, 5, 6]], dtype="float32")

    def test_json(self, api: httpx.Client, server: Any, trained: str) -> None:
        with answer_predictions(server, double):
            answer = api.post(f"/v1/jobs/{trained}/predict", json={"x": self.X.tolist()})
        assert answer.json() == {"y": (self.X * 2).tolist()}

    def test_npy(self, api: httpx.Client, server: Any, trained: str) -> None:
        headers = {"content-type": "application/x-npy"}
        with answer_predictions(server, double):
            answer = api.post(f"/v1/jobs/{trained}/predict", content=to_npy(self.X), headers=headers)
        assert answer.headers["content-type"] == "application/x-npy"
        np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), self.X * 2)

    def test_npz_of_several_inputs(self, api: httpx.Client, server: Any, job_id: str) -> None:
        add_trained_job(server, job_id, TWO_INPUTS)
        inputs = {"file": np.ones((2, 2), "float32"), "words": np.array([[1, 2, 3], [4, 5, 9]])}
        body = {"x": {name: array.tolist() for name, array in inputs.items()}}

        def compute(found: dict[str, Any]) -> dict[str, Any]:
            return {"sums": found["words"].sum(1), "same": found["file"]}

        with answer_predictions(server, compute):
            answer = api.post(f"/v1/jobs/{job_id}/predict", json=body)
        assert answer.json() == {"y": {"sums": [6, 18], "same": [[1.0, 1.0], [1.0, 1.0]]}}

    def test_what_is_no_number_is_a_word(self, api: httpx.Client, server: Any, trained: str) -> None:
        with answer_predictions(server, lambda _: {"y": np.array([[np.nan, np.inf, 1.0]])}):
            answer = api.post(f"/v1/jobs/{trained}/predict", json={"x": [[1, 2, 3]]})
        assert answer.json() == {"y": [["NaN", "Infinity", 1.0]]}


def test_answered_prediction_leaves_nothing(api: httpx.Client, server: Any, trained: str) -> None:
    objects = server.home / "objects" / "sha256"
    before = sorted(objects.rglob("*"))
    with answer_predictions(server, double):
        api.post(f"/v1/jobs/{trained}/predict", json={"x": [[0.1, 0.2, 0.3]]})
    deadline = time.monotonic() + 10
    while count_predictions(server, trained) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert count_predictions(server, trained) == 0
    while [path for path in objects.rglob("*") if path.is_file() and path not in before]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def count_predictions(server: Any, job_id: str) -> int:
    with server.session() as session:
        return len(session.scalars(select(Prediction).where(Prediction.job_id == job_id)).all())


class TestRefusals:
    @pytest.mark.parametrize(
        ("x", "pointer"),
        [
            ([[1, 2]], "/x"),
            ([1, 2, 3], "/x"),
            ([], "/x"),
            ([[1, 2, 3], [1, 2]], "/x"),
            ([["a", "b", "c"]], "/x"),
            ([[None, 1, 2]], "/x"),
            (7, "/x"),
            ({"other": [[1, 2, 3]]}, "/x/other"),
        ],
    )
    def test_input_that_does_not_fit(
        self, api: httpx.Client, trained: str, problem: Any, x: Any, pointer: str
    ) -> None:
        problem(api.post(f"/v1/jobs/{trained}/predict", json={"x": x}), 422, pointer)

    def test_word_outside_the_vocabulary(
        self, api: httpx.Client, server: Any, job_id: str, problem: Any
    ) -> None:
        add_trained_job(server, job_id, TWO_INPUTS)
        body = {"x": {"file": [[1, 2]], "words": [[10]]}}
        problem(api.post(f"/v1/jobs/{job_id}/predict", json=body), 422, "/x/words")

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"y": 1}', b"NaN"])
    def test_body_that_is_no_request(
        self, api: httpx.Client, trained: str, problem: Any, body: bytes
    ) -> None:
        answer = api.post(
            f"/v1/jobs/{trained}/predict", content=body, headers={"content-type": "application/json"}
        )
        problem(answer, answer.status_code)
        assert answer.status_code in {400, 422}

    def test_pickle_is_never_read(self, api: httpx.Client, trained: str, problem: Any) -> None:
        body = to_npy(np.array([{"a": 1}], dtype=object))
        headers = {"content-type": "application/x-npy"}
        detail = problem(api.post(f"/v1/jobs/{trained}/predict", content=body, headers=headers), 400)[
            "detail"
        ]
        assert "pickle" in detail

    def test_unknown_form(self, api: httpx.Client, trained: str, problem: Any) -> None:
        headers = {"content-type": "image/png"}
        problem(api.post(f"/v1/jobs/{trained}/predict", content=b"x", headers=headers), 415)

    def test_job_without_a_model(self, api: httpx.Client, job_id: str, problem: Any) -> None:
        problem(api.post(f"/v1/jobs/{job_id}/predict", json={"x": [[1]]}), 409)


class TestWaiting:
    def test_nobody_answers(self, api: httpx.Client, trained: str, problem: Any) -> None:
        answer = api.post(f"/v1/jobs/{trained}/predict?timeout_seconds=0.2", json={"x": [[1, 2, 3]]})
        assert "/v1/workers" in problem(answer, 504)["detail"]

    def test_failure_tells_its_reason(
        self, api: httpx.Client, server: Any, trained: str, problem: Any
    ) -> None:
        def fail(_: Any) -> Any:
            raise ArithmeticError("the weights are gone")

        with answer_predictions(server, fail):
            answer = api.post(f"/v1/jobs/{trained}/predict", json={"x": [[1, 2, 3]]})
        assert problem(answer, 422)["detail"] == "the weights are gone"

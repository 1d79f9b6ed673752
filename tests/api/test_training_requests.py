"""What is checked before a training is queued, each fault with its place."""

import copy
import io
import json
from typing import Any

import httpx
import numpy as np
import pytest

ROWS = 20


def make_layer(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config}


def make_sequential(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": list(layers), "keras_version": "2.1.6"}


CLASSIFIER = make_sequential(
    make_layer("Dense", name="hidden", units=5, batch_input_shape=[None, 4], activation="relu"),
    make_layer("Dense", name="classes", units=3, activation="softmax"),
)
REGRESSOR = make_sequential(make_layer("Dense", name="value", units=1, batch_input_shape=[None, 4]))
READER = make_sequential(
    make_layer("Embedding", name="words", input_dim=10, output_dim=4, batch_input_shape=[None, 6]),
    make_layer("Flatten", name="flat"),
    make_layer("Dense", name="answer", units=1, activation="sigmoid"),
)
TWO_SIDED = {
    "class_name": "Model",
    "config": {
        "name": "two",
        "layers": [
            {
                "name": n,
                "class_name": "InputLayer",
                "config": {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "name": n},
                "inbound_nodes": [],
            }
            for n in ("left", "right")
        ]
        + [
            {
                "name": "joined",
                "class_name": "Concatenate",
                "config": {"name": "joined", "axis": -1},
                "inbound_nodes": [[["left", 0, 0, {}], ["right", 0, 0, {}]]],
            },
            {
                "name": "a",
                "class_name": "Dense",
                "config": {"name": "a", "units": 3},
                "inbound_nodes": [[["joined", 0, 0, {}]]],
            },
            {
                "name": "b",
                "class_name": "Dense",
                "config": {"name": "b", "units": 1},
                "inbound_nodes": [[["joined", 0, 0, {}]]],
            },
        ],
        "input_layers": [["left", 0, 0], ["right", 0, 0]],
        "output_layers": [["a", 0, 0], ["b", 0, 0]],
    },
}


def make_arrays() -> dict[str, Any]:
    labels = np.arange(ROWS) % 3
    return {
        "x": np.linspace(0, 1, ROWS * 4).reshape(ROWS, 4).astype("float32"),
        "y": labels,
        "onehot": np.eye(3, dtype="float32")[labels],
        "value": np.linspace(-2, 2, ROWS).astype("float32"),
        "binary": (labels > 0).astype("float32"),
        "four": np.arange(ROWS) % 4,
        "two": np.arange(ROWS) % 2,
        "words": np.arange(ROWS * 6).reshape(ROWS, 6) % 10,
        "words11": np.arange(ROWS * 6).reshape(ROWS, 6) % 11,
        "wide": np.zeros((ROWS, 7), "float32"),
        "short": np.zeros(ROWS - 1, "float32"),
        "image": np.zeros((ROWS, 2, 2), "float32"),
        "weight": np.ones(ROWS, "float32"),
        "h1": np.ones(ROWS),
        "h2": np.ones(ROWS),
        "h3": np.ones(ROWS),
        "h4": np.ones(ROWS),
    }


@pytest.fixture
def dataset_id(api: httpx.Client) -> str:
    buffer = io.BytesIO()
    np.savez(buffer, **make_arrays())
    answer = api.post("/v1/datasets", content=buffer.getvalue(), headers={"Idempotency-Key": "arrays"})
    identifier: str = answer.json()["id"]
    return identifier


@pytest.fixture
def send(api: httpx.Client, dataset_id: str) -> Any:
    """The function that asks for a training, with some fields changed."""

    def ask(model: Any = CLASSIFIER, **changes: Any) -> httpx.Response:
        body: dict[str, Any] = {
            "model": model,
            "dataset": dataset_id,
            "compile": {
                "optimizer": "adam",
                "loss": "sparse_categorical_crossentropy",
                "metrics": ["accuracy"],
            },
            "fit": {"epochs": 2, "batch_size": 8},
        }
        body = copy.deepcopy(body)
        for field, value in changes.items():
            if isinstance(value, dict) and isinstance(body.get(field), dict) and field in ("compile", "fit"):
                body[field] |= value
            else:
                body[field] = value
        return api.post("/v1/jobs", json={name: value for name, value in body.items() if value is not None})

    return ask


class TestAccepted:
    def test_queued_with_every_default(self, api: httpx.Client, send: Any) -> None:
        answer = send(seed=7, priority=3, tags=["t"], time_limit_seconds=60)
        job = answer.json()
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
        assert (job["state"], job["epochs"], job["priority"], job["attempt"]) == ("queued", 2, 3, 0)
        assert job["spec"]["fit"]["shuffle"] is True
        assert job["spec"]["compile"]["loss_weights"] is None
        assert job["queue_position"] >= 1
        assert api.get(f"/v1/models/{job['model_id']}").json()["parameters"]["total"] == 43
        assert job["spec"]["mixed_precision"] is None
        api.post(f"/v1/jobs/{job['id']}/cancel")

    @pytest.mark.parametrize("precision", ["bfloat16", "tf32"])
    def test_precision_is_kept_in_the_spec_and_in_copies(
        self, api: httpx.Client, send: Any, precision: str
    ) -> None:
        pattern = send(mixed_precision=precision).json()
        copy = api.post(f"/v1/jobs/{pattern['id']}/clone").json()
        plain = api.post(f"/v1/jobs/{pattern['id']}/clone", json={"mixed_precision": None}).json()
        found = [job["spec"]["mixed_precision"] for job in (pattern, copy, plain)]
        assert found == [precision, precision, None]
        for job in (pattern, copy, plain):
            api.post(f"/v1/jobs/{job['id']}/cancel")

    @pytest.mark.parametrize(
        "changes",
        [
            {"model": json.dumps(CLASSIFIER)},
            {"data": {"x": ["h1", "h2", "h3", "h4"], "y": "y"}},
            {"data": {"x": "x", "y": "y", "sample_weight": "weight", "validation": {"x": "x", "y": "y"}}},
            {"data": {"x": "x", "y": "onehot"}, "compile": {"loss": "categorical_crossentropy"}},
            {"data": {"x": "x", "y": "y", "encode_y": "categorical"}, "compile": {"loss": "mse"}},
            {
                "model": REGRESSOR,
                "data": {"x": "x", "y": "value"},
                "compile": {"loss": "mse", "metrics": ["mae"]},
            },
            {
                "model": READER,
                "data": {"x": "words", "y": "binary"},
                "compile": {"loss": "binary_crossentropy"},
            },
            {"fit": {"class_weight": {"0": 1.0, "1": 2, "2": 0.5}}},
            {
                "compile": {
                    "optimizer": {
                        "class_name": "SGD",
                        "config": {"lr": 0.1, "nesterov": True, "momentum": 0.9},
                    }
                }
            },
            {
                "model": TWO_SIDED,
                "data": {"x": {"left": "x", "right": "x"}, "y": {"a": "onehot", "b": "value"}},
                "compile": {
                    "loss": {"a": "mse", "b": "mae"},
                    "metrics": {"b": ["mse"]},
                    "loss_weights": {"a": 1.0, "b": 0.5},
                },
                "callbacks": [{"class_name": "EarlyStopping", "config": {"monitor": "b_loss"}}],
            },
            {
                "fit": {"validation_split": 0.25},
                "callbacks": [
                    {"class_name": "EarlyStopping", "config": {"patience": 2}},
                    {"class_name": "ReduceLROnPlateau", "config": {"monitor": "val_acc", "factor": 0.5}},
                    {"class_name": "TerminateOnNaN"},
                    {"class_name": "LearningRateScheduler", "config": {"schedule": {"0": 0.01, "5": 0.001}}},
                    {"class_name": "ModelCheckpoint", "config": {"save_best_only": True}},
                ],
            },
        ],
    )
    def test_sound_request(self, api: httpx.Client, send: Any, changes: dict[str, Any]) -> None:
        answer = send(**changes)
        assert answer.status_code == 202, answer.text
        api.post(f"/v1/jobs/{answer.json()['id']}/cancel")

    def test_repeat_with_the_key_queues_once(self, api: httpx.Client, dataset_id: str) -> None:
        body = {
            "model": CLASSIFIER,
            "dataset": dataset_id,
            "compile": {"loss": "sparse_categorical_crossentropy"},
        }
        headers = {"Idempotency-Key": f"train-{dataset_id}"}
        first, second = (api.post("/v1/jobs", json=body, headers=headers) for _ in range(2))
        assert first.content == second.content
        api.post(f"/v1/jobs/{first.json()['id']}/cancel")


def callback(class_name: str, **config: Any) -> dict[str, Any]:
    return {"callbacks": [{"class_name": class_name, "config": config}]}


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no model": ({"model": None}, "/model"),
    "unknown model": ({"model": "mdl_nowhere"}, "/model"),
    "wrong layer": ({"model": make_sequential(make_layer("Dnese", units=1))}, "/model/config/0/class_name"),
    "model in broken text": ({"model": '{"class_name": '}, "/model"),
    "no dataset": ({"dataset": None}, "/dataset"),
    "unknown dataset": ({"dataset": "dst_nowhere"}, "/dataset"),
    "no compile": ({"compile": None}, "/compile"),
    "no validation rows": ({"fit": {"validation_split": 1e-17}}, "/fit/validation_split"),
    "no loss": ({"compile": {"loss": None}}, "/compile/loss"),
    "unknown optimizer": ({"compile": {"optimizer": "adma"}}, "/compile/optimizer"),
    "optimizer's argument": (
        {"compile": {"optimizer": {"class_name": "SGD", "config": {"speed": 1}}}},
        "/compile/optimizer",
    ),
    "unknown loss": ({"compile": {"loss": "mes"}}, "/compile/loss"),
    "loss of no output": ({"compile": {"loss": {"nowhere": "mse"}}}, "/compile/loss/nowhere"),
    "unknown metric": ({"compile": {"metrics": ["accuracy", "acuracy"]}}, "/compile/metrics/1"),
    "metric of no output": ({"compile": {"metrics": {"nowhere": "acc"}}}, "/compile/metrics/nowhere"),
    "metric as number": ({"compile": {"metrics": [3]}}, "/compile/metrics"),
    "unknown column": ({"data": {"x": "X1", "y": "y"}}, "/data/x"),
    "columns of other length": ({"data": {"x": "x", "y": "short"}}, "/data"),
    "x of another shape": ({"data": {"x": "wide", "y": "y"}}, "/data/x"),
    "x of more dimensions": ({"data": {"x": "image", "y": "y"}}, "/data/x"),
    "labels over the classes": ({"data": {"x": "x", "y": "four"}}, "/data/y"),
    "labels below zero": ({"data": {"x": "x", "y": "value"}}, "/data/y"),
    "labels for one-hot loss": ({"compile": {"loss": "categorical_crossentropy"}}, "/data/y"),
    "one-hot for sparse loss": ({"data": {"x": "x", "y": "onehot"}}, "/data/y"),
    "too few labels to encode": (
        {"data": {"x": "x", "y": "two", "encode_y": "categorical"}, "compile": {"loss": "mse"}},
        "/data/encode_y",
    ),
    "probabilities out of range": (
        {"model": REGRESSOR, "data": {"x": "x", "y": "value"}, "compile": {"loss": "binary_crossentropy"}},
        "/data/y",
    ),
    "words over the vocabulary": (
        {
            "model": READER,
            "data": {"x": "words11", "y": "binary"},
            "compile": {"loss": "binary_crossentropy"},
        },
        "/data/x",
    ),
    "validation of another shape": (
        {"data": {"x": "x", "y": "y", "validation": {"x": "wide", "y": "y"}}},
        "/data/validation/x",
    ),
    "inputs not named": (
        {"model": TWO_SIDED, "data": {"x": "x", "y": "y"}, "compile": {"loss": "mse"}},
        "/data/x",
    ),
    "input that is none": ({"data": {"x": {"nowhere": "x"}, "y": "y"}}, "/data/x/nowhere"),
    "epochs": ({"fit": {"epochs": 0}}, "/fit/epochs"),
    "initial epoch": ({"fit": {"initial_epoch": 2}}, "/fit/initial_epoch"),
    "empty training part": ({"fit": {"validation_split": 0.99}}, "/fit/validation_split"),
    "steps and batch": ({"fit": {"steps_per_epoch": 3}}, "/fit/batch_size"),
    "classes without a weight": ({"fit": {"class_weight": {"0": 1.0}}}, "/fit/class_weight"),
    "class weight by name": ({"fit": {"class_weight": {"cat": 1.0}}}, "/fit/class_weight"),
    "unknown callback": (callback("RemoteMonitor"), "/callbacks/0/class_name"),
    "callback's path": (callback("ModelCheckpoint", filepath="/etc/x"), "/callbacks/0/config/filepath"),
    "callback's value": (callback("EarlyStopping", patience=-1), "/callbacks/0/config/patience"),
    "callback's monitor": (callback("EarlyStopping", monitor="accuracy"), "/callbacks/0/config/monitor"),
    "monitor without validation": (callback("EarlyStopping"), "/callbacks/0/config/monitor"),
    "schedule without a start": (
        callback("LearningRateScheduler", schedule={"3": 0.1}),
        "/callbacks/0/config/schedule",
    ),
    "schedule below zero": (
        callback("LearningRateScheduler", schedule={"0": -1}),
        "/callbacks/0/config/schedule/0",
    ),
    "time limit": ({"time_limit_seconds": 0}, "/time_limit_seconds"),
    "epochs of an external run": ({"epochs": 3}, "/epochs"),
}


class TestRefused:
    @pytest.mark.parametrize("case", FAULTS)
    def test_fault_has_its_place(self, api: httpx.Client, send: Any, problem: Any, case: str) -> None:
        before = api.get("/v1/jobs").json(), api.get("/v1/models").json()
        changes, pointer = FAULTS[case]
        problem(send(**changes), 422, pointer)
        assert (api.get("/v1/jobs").json(), api.get("/v1/models").json()) == before

    def test_independent_faults_come_together(self, send: Any, problem: Any) -> None:
        answer = send(
            compile={"optimizer": "adma", "loss": "mes"}, data={"x": "wide", "y": "y"}, **callback("Nothing")
        )
        pointers = {fault["pointer"] for fault in problem(answer, 422)["errors"]}
        assert pointers >= {"/compile/optimizer", "/compile/loss", "/data/x", "/callbacks/0/class_name"}

    def test_batch_over_the_memory(self, serve_sqlite: Any, tmp_path: Any, problem: Any) -> None:
        with (
            serve_sqlite(tmp_path, max_activation_bytes=1000) as server,
            httpx.Client(base_url=server.url, timeout=60) as api,
        ):
            dataset = api.post("/v1/datasets", content=b"a,b,c,d,y\n1,2,3,4,0\n1,2,3,4,1\n").json()["id"]
            compile_arguments = {"loss": "sparse_categorical_crossentropy"}
            body = {"model": CLASSIFIER, "dataset": dataset, "compile": compile_arguments}
            assert api.post("/v1/jobs", json={**body, "fit": {"batch_size": 8}}).status_code == 202
            problem(api.post("/v1/jobs", json={**body, "fit": {"batch_size": 4000}}), 422, "/fit/batch_size")

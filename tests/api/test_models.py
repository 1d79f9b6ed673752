"""Models over HTTP: what is sound is described, what is not is refused with the layer that is wrong."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import httpx
import numpy as np
import pytest


def make_dense(name: str = "dense_1", units: int = 3, **config: Any) -> dict[str, Any]:
    return {"class_name": "Dense", "config": {"name": name, "units": units, **config}}


def make_definition(*layers: dict[str, Any], class_name: str = "Sequential") -> dict[str, Any]:
    first = make_dense(batch_input_shape=[None, 4], dtype="float32", activation="softmax")
    return {
        "class_name": class_name,
        "config": [first, *layers],
        "keras_version": "2.1.6",
        "backend": "tensorflow",
    }


def post(api: httpx.Client, definition: Any, **options: Any) -> httpx.Response:
    return api.post("/v1/models", json=definition, **options)


class TestSound:
    def test_object_is_described(self, api: httpx.Client) -> None:
        answer = post(api, make_definition(make_dense("dense_2", 2)), params={"name": "tiny"})
        model = answer.json()
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"/v1/models/{model['id']}"
        assert (model["name"], model["class_name"], model["keras_version"]) == ("tiny", "Sequential", "2.1.6")
        assert model["parameters"] == {"total": 23, "trainable": 23, "non_trainable": 0}
        assert model["memory"]["parameter_bytes"] == 92
        assert [entry["shape"] for entry in (*model["inputs"], *model["outputs"])] == [[None, 4], [None, 2]]
        first, second = model["layers"]
        assert (first["name"], first["output_shape"], first["parameters"]) == ("dense_1", [None, 3], 15)
        assert second["inbound"] == ["dense_1"]
        assert "dense_2 (Dense)" in model["summary"]
        assert not model["has_weights"]
        assert api.get(answer.headers["location"]).json() == model
        assert model["id"] in {entry["id"] for entry in api.get("/v1/models").json()["data"]}

    @pytest.mark.parametrize("form", ["text", "text in a string", "yaml", "file"])
    def test_every_form_is_the_same_model(self, api: httpx.Client, form: str) -> None:
        text = json.dumps(make_definition())
        layer = "{class_name: Dense, config: {name: dense_1, units: 3, batch_input_shape: [null, 4]}}"
        yaml = f"class_name: Sequential\nconfig:\n- {layer}\n"
        options: dict[str, Any] = {
            "text": {"content": text, "headers": {"content-type": "application/json"}},
            "text in a string": {"json": text},
            "yaml": {"content": yaml, "headers": {"content-type": "application/yaml"}},
            "file": {"files": {"file": ("model.json", text, "application/json")}},
        }[form]
        answer = api.post("/v1/models", **options)
        assert answer.status_code == 201, answer.text
        assert answer.json()["parameters"]["total"] == 15

    def test_definition_comes_back(self, api: httpx.Client) -> None:
        model = post(api, make_definition()).json()
        definition = api.get(f"/v1/models/{model['id']}/definition").json()
        assert definition["class_name"] == "Sequential"
        again = post(api, definition).json()
        assert api.get(f"/v1/models/{again['id']}/definition").json() == definition

    def test_names_of_one_request_do_not_count_for_the_next(self, api: httpx.Client) -> None:
        nameless = {"class_name": "Dense", "config": {"units": 3, "batch_input_shape": [None, 4]}}
        definition = {"class_name": "Sequential", "config": [nameless]}
        names = {post(api, definition).json()["layers"][0]["name"] for _ in range(3)}
        assert names == {"dense_1"}

    def test_models_sent_together_do_not_mix(self, api: httpx.Client) -> None:
        def send(units: int) -> dict[str, Any]:
            layer = {"class_name": "Dense", "config": {"units": units, "batch_input_shape": [None, 4]}}
            answer = post(api, {"class_name": "Sequential", "config": [layer]})
            assert answer.status_code == 201, answer.text
            model: dict[str, Any] = answer.json()
            return model

        with ThreadPoolExecutor(8) as pool:
            for units, model in zip(range(1, 41), pool.map(send, range(1, 41))):
                assert model["layers"][0]["output_shape"] == [None, units]
                assert model["layers"][0]["name"] == "dense_1"

    def test_unused_model_is_deleted(self, api: httpx.Client, problem: Any) -> None:
        model = post(api, make_definition()).json()
        assert api.delete(f"/v1/models/{model['id']}").status_code == 204
        problem(api.get(f"/v1/models/{model['id']}"), 404)

    def test_used_model_stays(self, api: httpx.Client, problem: Any) -> None:
        model = post(api, make_definition()).json()
        assert api.post("/v1/jobs", json={"external": True, "model": model["id"]}).status_code == 202
        problem(api.delete(f"/v1/models/{model['id']}"), 409)


UNSOUND = {
    "unknown layer": (make_definition({"class_name": "Dnese", "config": {"name": "x"}}), "/config/1"),
    "lambda": (
        make_definition(
            {"class_name": "Lambda", "config": {"name": "l", "function": ["4wEAAA==", None, None]}}
        ),
        "/config/1",
    ),
    "impossible shape": (
        make_definition(
            {"class_name": "Conv2D", "config": {"name": "c", "filters": 2, "kernel_size": [3, 3]}}
        ),
        "/config/1",
    ),
    "unknown argument": (make_definition(make_dense("d", colour="red")), "/config/1"),
    "negative units": (make_definition(make_dense("d", units=-3)), "/config/1"),
    "name that climbs": (make_definition(make_dense("../../etc/x")), "/config/1"),
    "unknown activation": (make_definition(make_dense("d", activation="rleu")), "/config/1"),
    "no layers": ({"class_name": "Sequential", "config": []}, ""),
    "no config": ({"class_name": "Sequential"}, "/config"),
    "list": ([1, 2], ""),
    "too many parameters": (make_definition(make_dense("d", units=2**31)), ""),
}


class TestUnsound:
    @pytest.mark.parametrize("case", UNSOUND)
    def test_refused_with_the_place(self, api: httpx.Client, problem: Any, case: str) -> None:
        before = api.get("/v1/models").json()
        definition, pointer = UNSOUND[case]
        found = problem(post(api, definition), 422)
        assert found["pointer"].startswith(pointer), found
        assert api.get("/v1/models").json() == before

    @pytest.mark.parametrize(
        "text",
        [
            "!!python/object/apply:os.system ['true']",
            "a: &a [x]\nb: [*a, *a]",
            "{",
            "",
            "just words",
            "[" * 100_000,
        ],
    )
    def test_hostile_text(self, api: httpx.Client, problem: Any, text: str) -> None:
        headers = {"content-type": "application/yaml"}
        problem(api.post("/v1/models", content=text, headers=headers), 422)

    def test_over_the_limit(self, api: httpx.Client, problem: Any) -> None:
        text = b" " * (8 * 1024**2 + 1)
        headers = {"content-type": "application/json"}
        problem(api.post("/v1/models", content=text, headers=headers), 413)
        problem(api.post("/v1/models", files={"file": ("model.json", text)}), 413)


@pytest.fixture
def weights_path(tmp_path: Path) -> Path:
    """Weights of `make_definition()` as `save_weights` writes them."""
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        fill_weights(file, (4, 3))
    return path


def fill_weights(file: Any, shape: tuple[int, int]) -> None:
    file.attrs["layer_names"] = [b"dense_1"]
    group = file.create_group("dense_1")
    group.attrs["weight_names"] = [b"dense_1/kernel:0", b"dense_1/bias:0"]
    group["dense_1/kernel:0"] = np.ones(shape, "float32")
    group["dense_1/bias:0"] = np.zeros(shape[1], "float32")


def upload(api: httpx.Client, path: Path, **fields: str) -> httpx.Response:
    with path.open("rb") as file:
        return api.post("/v1/models", files={"file": ("model.h5", file)}, data=fields)


class TestWeights:
    def test_whole_model(self, api: httpx.Client, weights_path: Path, tmp_path: Path) -> None:
        path = tmp_path / "whole.h5"
        with h5py.File(path, "w") as file:
            definition = make_definition()
            del definition["keras_version"]
            file.attrs["model_config"] = json.dumps(definition).encode()
            file.attrs["keras_version"] = b"2.2.4"
            fill_weights(file.create_group("model_weights"), (4, 3))
        model = api.post("/v1/models", content=path.read_bytes()).json()
        assert model["has_weights"], model
        assert model["keras_version"] == "2.2.4"
        assert model["parameters"]["total"] == 15

    def test_weights_with_their_definition(self, api: httpx.Client, weights_path: Path) -> None:
        assert upload(api, weights_path, definition=json.dumps(make_definition())).json()["has_weights"]

    def test_weights_alone(self, api: httpx.Client, weights_path: Path, problem: Any) -> None:
        problem(upload(api, weights_path), 422, "/definition")

    def test_weights_of_another_model(self, api: httpx.Client, weights_path: Path, problem: Any) -> None:
        definition = make_definition(make_dense("dense_2"))
        problem(upload(api, weights_path, definition=json.dumps(definition)), 422, "/file")

    @pytest.mark.parametrize("trick", ["external link", "soft link", "external storage", "virtual", "bomb"])
    def test_file_that_reaches_out(
        self, api: httpx.Client, problem: Any, tmp_path: Path, trick: str, server: Any
    ) -> None:
        path = tmp_path / "trick.h5"
        with h5py.File(path, "w") as file:
            fill_weights(file, (4, 3))
            group = file["dense_1"]
            if trick == "external link":
                group["more"] = h5py.ExternalLink("/etc/passwd", "/")
            elif trick == "soft link":
                group["more"] = h5py.SoftLink("/dense_1")
            elif trick == "external storage":
                group.create_dataset("more", (4,), "u1", external=[("/etc/passwd", 0, 4)])
            elif trick == "virtual":
                group.create_virtual_dataset("more", h5py.VirtualLayout((4,), "u1"))
            else:
                group.create_dataset("more", (10**6, 10**6), "f4", chunks=(1000, 1000))
        before = api.get("/v1/models").json()
        problem(upload(api, path, definition=json.dumps(make_definition())), 422, "/file")
        assert api.get("/v1/models").json() == before

    def test_file_that_hangs_its_reader(
        self, serve_sqlite: Any, problem: Any, weights_path: Path, tmp_path: Path
    ) -> None:
        with h5py.File(weights_path, "a") as file:
            file.attrs["keras_version"] = "2.1.6"
        data = bytearray(weights_path.read_bytes())
        # The size of the first object in the heap of texts: the HDF5 library loops over it for ever.
        data[data.index(b"GCOL") + 24] = 0xFF
        weights_path.write_bytes(data)
        with (
            serve_sqlite(tmp_path, max_read_seconds=2) as own,
            httpx.Client(base_url=own.url, timeout=20) as client,
        ):
            definition = json.dumps(make_definition())
            answer = problem(upload(client, weights_path, definition=definition), 422, "/file")
            assert "damaged" in answer["detail"]
            assert client.get("/v1/models").json()["data"] == []

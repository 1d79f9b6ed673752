"""Event files, read back with TensorBoard's own reader."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

from engine import backend as K
from engine import layers
from engine.callbacks import ReduceLROnPlateau, TensorBoard
from engine.callbacks.tensorboard import _to_images
from engine.models import Model, Sequential


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder), size_guidance={"histograms": 0, "images": 0})
    events.Reload()
    return events


def make_model() -> Any:
    model = Sequential(
        [layers.Dense(3, activation="relu", input_shape=(4,)), layers.Dropout(0.5), layers.Dense(2)]
    )
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def make_data(rows: int = 10) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 4)), rng.normal(size=(rows, 2))


class TestScalars:
    def test_every_metric_of_every_epoch(self, tmp_path: Path) -> None:
        data = make_data()
        plateau = ReduceLROnPlateau(patience=0)
        history = make_model().fit(
            *data, epochs=3, verbose=0, validation_data=data, callbacks=[plateau, TensorBoard(tmp_path)]
        )
        events = read(tmp_path)
        assert set(events.Tags()["scalars"]) == set(history.history)
        for name, values in history.history.items():
            written = events.Scalars(name)
            assert [event.step for event in written] == [0, 1, 2]
            assert [event.value for event in written] == pytest.approx(values, rel=1e-6)

    def test_steps_go_on_from_the_first_epoch(self, tmp_path: Path) -> None:
        make_model().fit(
            *make_data(), initial_epoch=3, epochs=5, verbose=0, callbacks=[TensorBoard(tmp_path)]
        )
        assert [event.step for event in read(tmp_path).Scalars("loss")] == [3, 4]


class TestHistograms:
    def test_weights_outputs_and_gradients(self, tmp_path: Path) -> None:
        model, data = make_model(), make_data()
        model.fit(
            *data,
            epochs=3,
            verbose=0,
            validation_data=data,
            callbacks=[TensorBoard(tmp_path, histogram_freq=2, batch_size=4, write_grads=True)],
        )
        events = read(tmp_path)
        weights = [f"dense_{number}/{name}_0" for number in (1, 2) for name in ("kernel", "bias")]
        outputs = ["dense_1_input_out", "dense_1_out", "dropout_1_out", "dense_2_out"]
        assert set(events.Tags()["histograms"]) == {
            *weights,
            *outputs,
            *(f"{name}_grad" for name in weights),
        }
        kernel = model.get_weights()[0]
        steps = events.Histograms("dense_1/kernel_0")
        assert [event.step for event in steps] == [0, 2]
        self.check(steps[-1].histogram_value, kernel)
        self.check(events.Histograms("dense_2_out")[-1].histogram_value, model.predict(data[0]))
        gradient = K.function(
            [*model.inputs, *model.targets, *model.sample_weights],
            K.gradients(model.total_loss, [model.layers[2].bias]),
        )
        batches = [
            gradient([*(array[i : i + 4] for array in data), np.ones(len(data[0][i : i + 4]))])[0]
            for i in (0, 4, 8)
        ]
        self.check(events.Histograms("dense_2/bias_0_grad")[-1].histogram_value, np.concatenate(batches))

    @staticmethod
    def check(histogram: Any, values: np.ndarray) -> None:
        values = values.astype("float64")
        assert histogram.num == values.size
        assert histogram.min == pytest.approx(values.min(), rel=1e-5)
        assert histogram.max == pytest.approx(values.max(), rel=1e-5)
        assert histogram.sum == pytest.approx(values.sum(), rel=1e-4, abs=1e-5)
        assert histogram.sum_squares == pytest.approx((values**2).sum(), rel=1e-5)
        assert len(histogram.bucket) == len(histogram.bucket_limit)
        assert sum(histogram.bucket) == values.size
        limits = [-np.inf, *histogram.bucket_limit]
        for low, high, count in zip(limits, limits[1:], histogram.bucket, strict=False):
            # Values that were written as float32 may lie on a limit.
            assert count == pytest.approx(((values >= low) & (values < high)).sum(), abs=1)

    def test_validation_data_is_needed(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="validation_data must be provided"):
            make_model().fit(*make_data(), verbose=0, callbacks=[TensorBoard(tmp_path, histogram_freq=1)])

    def test_values_that_are_no_numbers_are_left_out(self, tmp_path: Path) -> None:
        model, data = make_model(), make_data()
        model.layers[2].set_weights([np.full((3, 2), np.nan), np.array([1.0, np.inf])])
        K.set_value(model.optimizer.lr, 0.0)
        model.fit(*data, verbose=0, validation_data=data, callbacks=[TensorBoard(tmp_path, histogram_freq=1)])
        assert "dense_2/kernel_0" not in read(tmp_path).Tags()["histograms"]


class TestImages:
    def test_weights_as_images(self, tmp_path: Path) -> None:
        model = Sequential([layers.Dense(2, input_shape=(4,), weights=[KERNEL, np.zeros(2)])])
        model.compile("sgd", "mse")
        K.set_value(model.optimizer.lr, 0.0)
        data = make_data()
        model.fit(
            *data,
            verbose=0,
            validation_data=data,
            callbacks=[TensorBoard(tmp_path, histogram_freq=1, write_images=True)],
        )
        events = read(tmp_path)
        assert events.Tags()["images"] == ["dense_1/kernel_0/image/0", "dense_1/bias_0/image/0"]
        encoded = events.Images("dense_1/kernel_0/image/0")[0].encoded_image_string
        # Taller than wide, so it is turned; zero lies in the middle of the greys.
        expected = [[128, 255, 1, 128], [191, 128, 128, 128]]
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encoded)).convert("L")), expected)

    def test_shapes(self) -> None:
        assert _to_images(np.zeros(5)).shape == (1, 5, 1, 1)
        assert _to_images(np.zeros((2, 5))).shape == (1, 2, 5, 1)
        assert _to_images(np.zeros((3, 4, 8))).shape == (8, 3, 4, 1)
        assert len(_to_images(np.zeros((3, 3, 2, 2)))) == 0


KERNEL = np.array([[0.0, 0.5], [1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])


class TestGraph:
    def test_layers_and_what_they_read(self, tmp_path: Path) -> None:
        shared = layers.Dense(3, name="shared")
        inner_input = layers.Input((3,), name="inner_input")
        inner = Model(inner_input, layers.Dense(2, name="inner_dense")(inner_input), name="inner")
        a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
        joined = layers.add([shared(a), shared(b)], name="sum")
        model = Model([a, b], inner(joined))
        model.compile("sgd", "mse")
        x, y = make_data()
        model.fit([x, x], y, verbose=0, callbacks=[TensorBoard(tmp_path)])
        graph = GraphDef.FromString(read(tmp_path).Graph().SerializeToString())
        nodes = {node.name: node for node in graph.node}
        assert {name: (node.op, list(node.input)) for name, node in nodes.items()} == {
            "a": ("InputLayer", []),
            "b": ("InputLayer", []),
            "shared": ("Dense", ["a"]),
            "shared_call_1": ("Dense", ["b"]),
            "sum": ("Add", ["shared", "shared_call_1"]),
            "inner/inner_dense": ("Dense", ["sum"]),
        }
        sizes = nodes["sum"].attr["_output_shapes"].list.shape[0].dim
        assert [size.size for size in sizes] == [-1, 3]

    def test_may_be_left_out(self, tmp_path: Path) -> None:
        make_model().fit(*make_data(), verbose=0, callbacks=[TensorBoard(tmp_path, write_graph=False)])
        assert read(tmp_path).Tags()["graph"] is False


class TestEmbeddings:
    def fit(self, folder: Path, **arguments: Any) -> Any:
        model = Sequential(
            [layers.Embedding(5, 2, input_length=1, name="words"), layers.Flatten(), layers.Dense(1)]
        )
        model.compile("sgd", "mse")
        callback = TensorBoard(folder, embeddings_freq=1, **arguments)
        model.fit(np.array([[1], [4]]), np.ones(2), epochs=2, verbose=0, callbacks=[callback])
        return model

    @pytest.mark.parametrize(
        "arguments",
        [
            {"embeddings_metadata": "labels.tsv"},
            {"embeddings_layer_names": ["words"], "embeddings_metadata": {"words": "labels.tsv"}},
        ],
    )
    def test_rows_and_labels(self, tmp_path: Path, arguments: dict[str, Any]) -> None:
        model = self.fit(tmp_path, **arguments)
        config = text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), ProjectorConfig())
        (entry,) = config.embeddings
        assert entry.tensor_name == "words/embeddings:0"
        assert entry.metadata_path == "labels.tsv"
        rows = np.loadtxt(tmp_path / entry.tensor_path, delimiter="\t")
        np.testing.assert_allclose(rows, model.layers[0].get_weights()[0], rtol=1e-6)

    def test_no_labels(self, tmp_path: Path) -> None:
        self.fit(tmp_path)
        assert "metadata_path" not in (tmp_path / "projector_config.pbtxt").read_text()


class TestPackage:
    def test_its_absence_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "engine.backend.event_files", None)
        with pytest.raises(ImportError, match="pip install tensorboard"):
            TensorBoard()

    def test_importing_the_engine_does_not_import_it(self) -> None:
        code = "import engine, sys; engine.callbacks.TensorBoard; sys.exit('tensorboard' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

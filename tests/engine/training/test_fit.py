"""Compiling and training: data, weights, validation, shuffling and errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine import layers
from engine.callbacks import LambdaCallback
from engine.models import Model, Sequential
from engine.training.check import check_fit


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def identity(size: int = 1) -> Any:
    """A model that predicts its input, times a weight of one."""
    model = Sequential([layers.Dense(size, use_bias=False, input_shape=(size,), weights=[np.eye(size)])])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


class TestFit:
    def test_validation_split_takes_the_end_before_shuffling(self) -> None:
        model = identity()
        model.compile("sgd", "mse")
        K.set_value(model.optimizer.lr, 0.0)
        x = np.arange(10.0).reshape(10, 1)
        y = np.where(x < 8, x, x + 3)
        history = model.fit(x, y, validation_split=0.2, epochs=1, verbose=0).history
        assert history["loss"] == [0.0]
        assert history["val_loss"] == [9.0]
        assert list(history) == ["val_loss", "loss"]

    def test_averages_weigh_the_short_last_batch_by_its_size(self) -> None:
        model = identity()
        K.set_value(model.optimizer.lr, 0.0)
        x = np.zeros((5, 1))
        y = np.array([[0.0], [0.0], [0.0], [0.0], [5.0]])
        history = model.fit(x, y, batch_size=4, shuffle=False, verbose=0).history
        assert history["loss"] == [5.0]
        assert history["mean_absolute_error"] == [1.0]

    @pytest.mark.parametrize("shuffle", [True, False, "batch"])
    def test_every_sample_is_seen_once_an_epoch(self, shuffle: Any) -> None:
        model = identity()
        x = np.arange(11.0).reshape(11, 1)
        step = model._step("train")
        seen: list[float] = []

        def recording_step(values: Any) -> Any:
            seen.extend(values[0].ravel().tolist())
            return step(values)

        model._steps["train"] = recording_step
        np.random.seed(3)
        model.fit(x, x, batch_size=4, shuffle=shuffle, epochs=1, verbose=0)
        assert sorted(seen) == list(range(11))
        assert (seen == sorted(seen)) == (shuffle is False)
        if shuffle == "batch":
            assert {tuple(seen[i : i + 4]) for i in (0, 4)} == {(0, 1, 2, 3), (4, 5, 6, 7)}

    def test_the_same_seed_gives_the_same_training(self) -> None:
        x = np.random.default_rng(0).normal(size=(50, 4))
        results = []
        for _ in range(2):
            with K.isolated_state():
                np.random.seed(7)
                model = Sequential([layers.Dense(8, input_shape=(4,)), layers.Dense(1)])
                model.compile("adam", "mse")
                results.append(model.fit(x, x[:, :1], epochs=3, verbose=0).history["loss"])
        assert results[0] == results[1]

    def test_initial_epoch_and_stopping(self) -> None:
        model = identity()
        epochs: list[int] = []

        def stop(epoch: int, logs: Any) -> None:
            epochs.append(epoch)
            model.stop_training = epoch == 4

        x = np.zeros((4, 1))
        model.fit(x, x, initial_epoch=2, epochs=9, verbose=0, callbacks=[LambdaCallback(on_epoch_end=stop)])
        assert epochs == [2, 3, 4]

    def test_hdf5_data_is_read_in_slices(self, tmp_path: Path) -> None:
        x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
        with h5py.File(tmp_path / "d.h5", "w") as file:
            file["x"] = x
        with h5py.File(tmp_path / "d.h5") as file:
            model = identity(3)
            np.testing.assert_allclose(model.predict(file["x"], batch_size=6), x, rtol=1e-6)
            model.fit(file["x"], file["x"], shuffle="batch", batch_size=6, verbose=0)


class TestWeights:
    def test_class_weights_and_sample_weights_agree(self) -> None:
        x = np.random.default_rng(0).normal(size=(6, 2))
        y = np.array([0, 1, 1, 0, 1, 0])
        losses = []
        for arguments in (
            {"class_weight": {0: 1.0, 1: 3.0}},
            {"sample_weight": np.where(y == 1, 3.0, 1.0)},
        ):
            model = Sequential(
                [
                    layers.Dense(
                        1, activation="sigmoid", input_shape=(2,), weights=[np.ones((2, 1)), np.zeros(1)]
                    )
                ]
            )
            model.compile("sgd", "binary_crossentropy")
            losses.append(model.train_on_batch(x, y, **arguments))
        assert losses[0] == pytest.approx(losses[1])

    def test_loss_is_divided_by_the_share_of_weights_that_are_not_zero(self) -> None:
        model = identity()
        x = np.zeros((4, 1))
        y = np.array([[2.0], [2.0], [6.0], [6.0]])
        assert model.test_on_batch(x, y, sample_weight=np.array([1.0, 1.0, 0.0, 0.0]))[0] == pytest.approx(
            4.0
        )

    def test_missing_class_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"classes \[2"):
            identity().fit(np.zeros((3, 1)), np.array([0, 1, 2]), class_weight={0: 1, 1: 1}, verbose=0)

    def test_wrong_shape_of_weights(self) -> None:
        with pytest.raises(ValueError, match=r"shape \(3, 2\).*sample_weight_mode=None"):
            identity().fit(np.zeros((3, 1)), np.zeros(3), sample_weight=np.ones((3, 2)), verbose=0)


class TestSeveralOutputs:
    def make(self) -> Any:
        a, b = layers.Input((2,), name="a"), layers.Input((3,), name="b")
        both = layers.concatenate([a, b])
        outputs = [
            layers.Dense(1, name="value")(both),
            layers.Dense(4, activation="softmax", name="kind")(both),
        ]
        return Model([a, b], outputs)

    def test_names_losses_and_dicts(self) -> None:
        model = self.make()
        model.compile(
            "sgd",
            {"value": "mse", "kind": "sparse_categorical_crossentropy"},
            metrics={"kind": "accuracy", "value": ["mae"]},
            loss_weights={"value": 2.0, "kind": 0.5},
        )
        assert model.metrics_names == [
            "loss",
            "value_loss",
            "kind_loss",
            "value_mean_absolute_error",
            "kind_acc",
        ]
        rng = np.random.default_rng(0)
        x = {"a": rng.normal(size=(8, 2)), "b": rng.normal(size=(8, 3))}
        y = {"value": rng.normal(size=8), "kind": rng.integers(0, 4, size=8)}
        values = model.test_on_batch(x, y)
        assert values[0] == pytest.approx(2 * values[1] + 0.5 * values[2], rel=1e-5)
        history = model.fit(x, y, epochs=2, verbose=0, validation_data=(x, y)).history
        assert set(history) == {*model.metrics_names, *(f"val_{name}" for name in model.metrics_names)}
        assert [output.shape for output in model.predict(x)] == [(8, 1), (8, 4)]

    def test_output_without_a_loss_is_warned_of_and_left_out(self) -> None:
        model = self.make()
        with pytest.warns(UserWarning, match='"value" missing from loss'):
            model.compile("sgd", {"kind": "sparse_categorical_crossentropy"})
        x = [np.zeros((4, 2)), np.zeros((4, 3))]
        assert model.metrics_names == ["loss", "kind_loss"]
        total, of_kind = model.train_on_batch(x, np.zeros(4))
        assert total == of_kind > 0

    def test_unknown_names(self) -> None:
        with pytest.raises(ValueError, match='"vlaue"'):
            self.make().compile("sgd", "mse", loss_weights={"vlaue": 1.0})


class TestErrors:
    @pytest.mark.parametrize(
        ("x", "y", "words"),
        [
            (np.zeros((3, 2)), np.zeros((3, 1)), r"dense_1_input to have shape \(1,\).*\(2,\)"),
            (np.zeros((3, 1, 1)), np.zeros((3, 1)), "to have 2 dimensions"),
            (np.zeros((3, 1)), np.zeros((3, 5)), r"target.*dense_1 to have shape \(1,\)"),
            (np.zeros((3, 1)), np.zeros((4, 1)), "3 input samples and 4 target samples"),
            ([np.zeros((3, 1)), np.zeros((3, 1))], np.zeros((3, 1)), "following list of 2 arrays"),
            (np.zeros((0, 1)), np.zeros((0, 1)), "no samples"),
            ({"other": np.zeros((3, 1))}, np.zeros((3, 1)), 'No data provided for "dense_1_input"'),
        ],
    )
    def test_data_that_does_not_fit(self, x: Any, y: Any, words: str) -> None:
        with pytest.raises(ValueError, match=words):
            identity().fit(x, y, verbose=0)

    def test_not_compiled(self) -> None:
        model = Sequential([layers.Dense(1, input_shape=(1,))])
        with pytest.raises(RuntimeError, match="compile"):
            model.fit(np.zeros((1, 1)), np.zeros((1, 1)))

    def test_class_numbers_for_categorical_crossentropy(self) -> None:
        model = Sequential([layers.Dense(3, activation="softmax", input_shape=(2,))])
        model.compile("sgd", "categorical_crossentropy")
        with pytest.raises(ValueError, match="sparse_categorical_crossentropy"):
            model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0)

    def test_freezing_after_compiling_is_warned_of(self) -> None:
        model = identity()
        model.layers[0].trainable = False
        with pytest.warns(UserWarning, match="Discrepancy"):
            model.train_on_batch(np.zeros((2, 1)), np.zeros((2, 1)))

    def test_stateful_models_want_whole_batches(self) -> None:
        model = Sequential([layers.SimpleRNN(2, stateful=True, batch_input_shape=(2, 3, 1))])
        model.compile("sgd", "mse")
        with pytest.raises(ValueError, match="divided by the batch size"):
            model.fit(np.zeros((3, 3, 1)), np.zeros((3, 2)), batch_size=2, verbose=0)

    def test_check_by_shapes_alone(self) -> None:
        model = identity()
        check_fit(model, {"dense_1_input": (None, 1)}, {"dense_1": (None,)})
        with pytest.raises(ValueError, match=r"\(1,\).*\(7,\)"):
            check_fit(model, {"dense_1_input": (None, 7)}, {"dense_1": (None, 1)})

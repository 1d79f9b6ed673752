"""What `fit` and its kin take besides arrays: files, tensors, losses that layers add, states that last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine import layers
from engine.callbacks import Callback
from engine.models import Model, Sequential

rng = np.random.default_rng(4)
X = rng.normal(size=(8, 3)).astype("float32")
Y = rng.normal(size=(8, 2)).astype("float32")
KERNEL = rng.normal(size=(3, 2)).astype("float32")


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def make_dense(trainable: bool = True) -> Any:
    return layers.Dense(2, weights=[KERNEL, np.zeros(2)], name="out", trainable=trainable)


def make_model(loss: Any = "mse", **arguments: Any) -> Any:
    x = layers.Input((3,))
    model = Model(x, make_dense()(x))
    model.compile("sgd", loss, **arguments)
    return model


EXPECTED = float(((X @ KERNEL - Y) ** 2).mean())


class Slices:
    """Reads rows by slices and lists of numbers, as `HDF5Matrix` does, and remembers how many at once."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape = array.shape
        self.dtype = array.dtype
        self.most = 0

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, key: Any) -> np.ndarray:
        rows = self._array[key]
        self.most = max(self.most, len(rows))
        return rows


class TestFiles:
    @pytest.mark.parametrize("shuffle", [False, "batch", True])
    def test_no_more_rows_than_a_batch_are_read_at_once(self, shuffle: Any) -> None:
        x = Slices(np.tile(X, (4, 1)))
        y = np.tile(Y, (4, 1))
        history = make_model().fit(
            x, y, batch_size=3, shuffle=shuffle, epochs=2, verbose=0, validation_split=0.25
        )
        reference = make_model()
        assert set(history.history) == {"loss", "val_loss"}
        if not shuffle:
            assert x.most == 3
            expected = reference.fit(
                x[:], y, batch_size=3, shuffle=False, epochs=2, verbose=0, validation_split=0.25
            )
            assert history.history == expected.history

    def test_hdf5_data_sets_of_features_and_labels(self, tmp_path: Path) -> None:
        labels = np.array([0, 1, 1, 0, 1, 0, 0, 1])
        with h5py.File(tmp_path / "data.h5", "w") as file:
            file["x_data"], file["labels"] = X, labels
        with h5py.File(tmp_path / "data.h5", "r") as file:
            results = []
            for x, y in ((file["x_data"], file["labels"]), (X, labels)):
                model = Sequential([layers.Dense(1, input_shape=(3,), weights=[KERNEL[:, :1], np.zeros(1)])])
                model.compile("sgd", "mse")
                history = model.fit(x, y, 3, shuffle="batch", verbose=0, epochs=1, class_weight={0: 1, 1: 2})
                results.append((len(history.epoch), model.evaluate(x, y, verbose=0, batch_size=3) > 0))
                np.testing.assert_allclose(
                    model.predict(x, batch_size=3),
                    X @ model.get_weights()[0] + model.get_weights()[1],
                    rtol=1e-5,
                )
            assert results[0] == results[1]


class TestTensors:
    @pytest.mark.parametrize("form", ["one", "list", "dict"])
    def test_targets_from_a_tensor(self, form: str) -> None:
        target = K.variable(Y)
        given = {"one": target, "list": [target], "dict": {"out": target}}[form]
        model = make_model(target_tensors=given)
        assert model.test_on_batch(X, None) == pytest.approx(EXPECTED, rel=1e-5)
        losses = model.fit(X, None, batch_size=8, epochs=3, shuffle=False, verbose=0).history["loss"]
        assert losses[0] == pytest.approx(EXPECTED, rel=1e-5)
        assert losses[2] < losses[1] < losses[0]

    def test_targets_for_a_placeholder_are_given(self) -> None:
        model = make_model(target_tensors=K.placeholder((None, 2)))
        assert model.test_on_batch(X, Y) == pytest.approx(EXPECTED, rel=1e-5)

    def test_inputs_from_a_tensor(self) -> None:
        x = layers.Input(tensor=K.variable(X))
        model = Model(x, make_dense()(x))
        model.compile("sgd", "mse")
        assert model.train_on_batch(None, Y) == pytest.approx(EXPECTED, rel=1e-5)
        losses = model.fit(None, Y, epochs=2, steps_per_epoch=2, verbose=0).history["loss"]
        assert losses[1] < losses[0] < EXPECTED

    def test_nothing_but_tensors(self, capsys: Any) -> None:
        x = layers.Input(tensor=K.variable(X))
        model = Model(x, make_dense()(x))
        model.compile("sgd", "mse", target_tensors=[K.variable(Y)])
        assert model.evaluate(steps=2, verbose=0) == pytest.approx(EXPECTED, rel=1e-5)
        np.testing.assert_allclose(model.predict(None, steps=2), np.tile(X @ KERNEL, (2, 1)), rtol=1e-4)
        history = model.fit(epochs=2, steps_per_epoch=3, validation_steps=1).history
        assert history["val_loss"][1] < history["loss"][1] < history["val_loss"][0] < EXPECTED
        assert "3/3 [====" in capsys.readouterr().out

    def test_steps_must_be_told(self) -> None:
        x = layers.Input(tensor=K.variable(X))
        model = Model(x, make_dense()(x))
        model.compile("sgd", "mse", target_tensors=[K.variable(Y)])
        with pytest.raises(ValueError, match="`steps_per_epoch` argument"):
            model.fit()
        with pytest.raises(ValueError, match="`steps` argument"):
            model.evaluate()
        with pytest.raises(ValueError, match="`steps` argument"):
            model.predict(None)
        with pytest.raises(ValueError, match="`batch_size` must be None"):
            model.fit(steps_per_epoch=2, batch_size=4)
        with pytest.raises(ValueError, match="`validation_steps` when doing step-wise training"):
            make_model().fit(X, Y, validation_steps=2)


class TestAddedLosses:
    def test_a_model_may_have_no_other(self) -> None:
        x = layers.Input((3,))
        output = make_dense()(x)
        model = Model(x, output)
        model.add_loss(K.mean(K.square(output)))
        with pytest.warns(UserWarning, match='"out" missing from loss dictionary'):
            model.compile("sgd", loss=None)
        assert model.metrics_names == ["loss"]
        history = model.fit(
            X, epochs=2, shuffle=False, batch_size=8, verbose=0, validation_data=(X, None)
        ).history
        assert history["loss"][0] == pytest.approx(float(((X @ KERNEL) ** 2).mean()), rel=1e-5)
        assert history["loss"][1] == pytest.approx(history["val_loss"][0], rel=1e-5)

    def test_no_loss_at_all_is_refused(self) -> None:
        model = Model(x := layers.Input((3,)), make_dense()(x))
        with pytest.raises(ValueError, match="must specify a loss"):
            model.compile("sgd")


class TestFreezing:
    def test_each_model_keeps_what_it_was_compiled_with(self) -> None:
        x = layers.Input((3,))
        layer = make_dense(trainable=False)
        y = layer(x)
        frozen_model = Model(x, y)
        frozen_model.compile("rmsprop", "mse")
        layer.trainable = True
        trainable_model = Model(x, y)
        trainable_model.compile("rmsprop", "mse")
        with pytest.warns(UserWarning, match="Discrepancy between trainable weights"):
            frozen_model.fit(X, Y, verbose=0)
        np.testing.assert_array_equal(layer.get_weights()[0], KERNEL)
        trainable_model.fit(X, Y, verbose=0)
        assert np.abs(layer.get_weights()[0] - KERNEL).min() > 0

    def test_a_change_after_the_first_training_is_warned_of(self) -> None:
        model = make_model()
        model.fit(X, Y, verbose=0)
        model.layers[1].trainable = False
        with pytest.warns(UserWarning, match="Discrepancy between trainable weights"):
            model.fit(X, Y, verbose=0)


class TestStatefulModels:
    def make(self) -> Any:
        model = Sequential([layers.LSTM(2, input_shape=(5, 3), batch_size=4, stateful=True)])
        model.compile("sgd", "mse")
        return model

    def test_states_last_until_they_are_reset(self) -> None:
        model = self.make()
        x = rng.normal(size=(4, 5, 3))
        first, second = model.predict(x), model.predict(x)
        assert np.abs(first - second).max() > 1e-4
        model.reset_states()
        np.testing.assert_array_equal(model.predict(x), first)
        model.layers[0].reset_states()
        np.testing.assert_array_equal(model.predict_on_batch(x), first)
        model.reset_states()
        model.test_on_batch(x, np.zeros((4, 2)))
        np.testing.assert_array_equal(model.predict(x), second)

    def test_batches_must_have_the_size_that_the_model_was_built_for(self) -> None:
        model = self.make()
        x, y = np.zeros((6, 5, 3)), np.zeros((6, 2))
        with pytest.raises(ValueError, match=r"divided by the batch size. Found: 6 samples. Batch size: 4"):
            model.predict(x, batch_size=4)
        for call in (
            lambda: model.fit(x, y, batch_size=3),
            lambda: model.predict(x, batch_size=3),
            lambda: model.train_on_batch(x[:3], y[:3]),
            lambda: model.predict_on_batch(x[:3]),
            lambda: model.predict_generator(iter([x[:3]]), 1),
        ):
            with pytest.raises(ValueError, match=r"batch of 3 samples.*built for batches of 4"):
                call()


class TestPop:
    def test_the_model_is_compiled_anew(self) -> None:
        model = Sequential([layers.Dense(2, input_shape=(3,)), layers.Dense(4)])
        model.compile("sgd", "mse")
        model.pop()
        assert len(model.layers) == 1
        with pytest.raises(RuntimeError, match="compile"):
            model.fit(X, Y, verbose=0)
        model.compile("sgd", "mse")
        assert model.fit(X, Y, verbose=0).history["loss"][0] > 0


class TestClasses:
    def test_the_most_probable_one(self) -> None:
        model = Sequential([layers.Dense(2, input_shape=(3,), weights=[KERNEL, np.zeros(2)])])
        np.testing.assert_array_equal(model.predict_classes(X), (X @ KERNEL).argmax(axis=-1))
        np.testing.assert_allclose(model.predict_proba(X), X @ KERNEL, rtol=1e-5)

    def test_two_classes_from_one_output(self) -> None:
        model = Sequential(
            [layers.Dense(1, activation="sigmoid", input_shape=(3,), weights=[KERNEL[:, :1], np.zeros(1)])]
        )
        np.testing.assert_array_equal(model.predict_classes(X), X @ KERNEL[:, :1] > 0)


class TestStatefulMetrics:
    class TruePositives(layers.Layer):
        """Counts over a whole epoch."""

        def __init__(self, name: str = "true_positives", **kwargs: Any) -> None:
            super().__init__(name=name, **kwargs)
            self.stateful = True
            self.count = K.variable(0, dtype="int32")

        def reset_states(self) -> None:
            K.set_value(self.count, 0)

        def __call__(self, y_true: Any, y_pred: Any) -> Any:
            found = K.cast(K.sum(K.round(y_pred) * y_true), "int32")
            current = self.count * 1
            self.add_update(K.update_add(self.count, found), inputs=[y_true, y_pred])
            return current + found

    def test_the_last_value_of_an_epoch_counts(self, capsys: Any) -> None:
        model = Sequential(
            [layers.Dense(1, activation="sigmoid", input_shape=(3,), weights=[KERNEL[:, :1], np.zeros(1)])]
        )
        model.compile("sgd", "binary_crossentropy", metrics=["accuracy", self.TruePositives()])
        K.set_value(model.optimizer.lr, 0.0)
        labels = np.array([0, 1, 1, 1, 1, 0, 1, 1])
        expected = int(((X @ KERNEL[:, 0] > 0) & (labels == 1)).sum())
        history = model.fit(X, labels, 3, epochs=2, verbose=1, validation_data=(X, labels)).history
        assert history["true_positives"] == history["val_true_positives"] == [expected] * 2
        assert model.evaluate(X, labels, batch_size=3, verbose=0)[2] == expected
        assert f" - true_positives: {expected}" in capsys.readouterr().out


class TestWeights:
    def test_class_weights_for_one_of_several_outputs(self) -> None:
        x = layers.Input((3,))
        outputs = [layers.Dense(1, activation="sigmoid", name=name)(x) for name in ("a", "b")]
        labels = np.array([0, 1] * 4)
        model = Model(x, outputs)
        model.compile("sgd", "binary_crossentropy")
        K.set_value(model.optimizer.lr, 0.0)
        plain = model.train_on_batch(X, [labels, labels])
        weighted = model.train_on_batch(X, [labels, labels], class_weight={"a": {0: 3.0, 1: 3.0}})
        assert weighted[1:] == pytest.approx([3 * plain[1], plain[2]], rel=1e-5)
        by_sample = model.train_on_batch(X, [labels, labels], sample_weight={"b": np.full(8, 2.0), "a": None})
        assert by_sample[1:] == pytest.approx([plain[1], 2 * plain[2]], rel=1e-5)

    def test_a_weight_a_time_step(self) -> None:
        model = Sequential([layers.Masking(9.0, input_shape=(3, 2)), layers.Activation("linear")])
        model.compile("sgd", "mse", sample_weight_mode="temporal")
        x = rng.normal(size=(4, 3, 2)).astype("float32")
        weights = np.array([[1.0, 0.0, 2.0]] * 4)
        errors = (x**2).mean(axis=-1)
        expected = (errors * weights).mean() / (weights != 0).mean()
        history = model.fit(x, np.zeros_like(x), sample_weight=weights, verbose=0).history
        assert history["loss"] == pytest.approx([expected], rel=1e-5)
        with pytest.raises(ValueError, match="wants 2D weights"):
            model.fit(x, np.zeros_like(x), sample_weight=np.ones(4), verbose=0)

    def test_sample_weights_go_before_class_weights(self) -> None:
        model = make_model()
        with pytest.warns(UserWarning, match="`class_weight` argument will be ignored"):
            loss = model.train_on_batch(X, Y, sample_weight=np.full(8, 2.0), class_weight={0: 1.0, 1: 1.0})
        assert loss == pytest.approx(2 * EXPECTED, rel=1e-5)

    def test_class_weights_are_a_dict(self) -> None:
        with pytest.raises(ValueError, match=r"`class_weight` must be a dict.*'auto'"):
            make_model().train_on_batch(X, Y, class_weight="auto")

    def test_validation_data_with_weights(self) -> None:
        model = make_model()
        K.set_value(model.optimizer.lr, 0.0)
        weights = rng.uniform(1.0, 2.0, size=8)
        history = model.fit(X, Y, verbose=0, validation_data=(X, Y, weights)).history
        assert history["val_loss"] == pytest.approx(
            [(((X @ KERNEL - Y) ** 2).mean(axis=-1) * weights).mean()], rel=1e-5
        )


class TestWhatCallbacksSee:
    def test_validation_arrays_with_weights_and_phase(self) -> None:
        model = Sequential([layers.Dropout(0.5, input_shape=(3,)), layers.Dense(2)])
        model.compile("sgd", "mse")
        callback = Callback()
        model.fit(X, Y, verbose=0, validation_data=(X[:2], Y[:2]), callbacks=[callback])
        x, y, weights, phase = callback.validation_data
        np.testing.assert_array_equal(x, X[:2])
        np.testing.assert_array_equal(y, Y[:2])
        np.testing.assert_array_equal(weights, [1.0, 1.0])
        assert phase == 0.0

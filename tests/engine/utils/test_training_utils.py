"""One model on several devices; here they are all the same processor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers, models
from engine.backend import device as device_module
from engine.utils import multi_gpu_model
from engine.utils.training_utils import take_share

CPUS = ["/cpu:0", "/cpu:0"]


@pytest.fixture(autouse=True)
def fresh_session() -> Iterator[None]:
    with K.isolated_state():
        np.random.seed(0)
        yield


def make_model() -> Any:
    images, numbers = layers.Input((4, 4, 1)), layers.Input((3,))
    features = layers.Flatten()(layers.Conv2D(2, 2, activation="relu")(images))
    joined = layers.concatenate([features, numbers])
    outputs = [
        layers.Dense(2, name="left", kernel_regularizer="l2")(joined),
        layers.Dense(1, name="right")(joined),
    ]
    return models.Model([images, numbers], outputs)


def make_data(rows: int = 11) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(0)
    return (
        [rng.normal(size=(rows, 4, 4, 1)), rng.normal(size=(rows, 3))],
        [rng.normal(size=(rows, 2)), rng.normal(size=(rows, 1))],
    )


@pytest.mark.parametrize("count", [2, 3])
def test_shares_make_up_the_batch(count: int) -> None:
    x = np.arange(11)
    shares = [np.asarray(take_share(x, number, count)) for number in range(count)]
    assert {len(share) for share in shares[:-1]} == {11 // count}
    np.testing.assert_array_equal(np.concatenate(shares), x)


@pytest.mark.parametrize("rows", [1, 2, 11])
def test_predictions_are_those_of_the_model(rows: int) -> None:
    model = make_model()
    parallel = multi_gpu_model(model, 2, devices=CPUS)
    x, _ = make_data(rows)
    for own, expected in zip(parallel.predict(x), model.predict(x), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-6)


def test_training_is_that_of_the_model_and_saved_through_it(tmp_path: Path) -> None:
    model, twin = make_model(), make_model()
    twin.set_weights(model.get_weights())
    parallel = multi_gpu_model(model, gpus=3, devices=[*CPUS, "cpu"])
    x, y = make_data()
    for trained in (parallel, twin):
        trained.compile("adam", {"left": "mse", "right": "mae"}, loss_weights=[1.0, 0.5])
    assert parallel.metrics_names == ["loss", "left_loss", "right_loss"]
    for _ in range(4):
        np.testing.assert_allclose(parallel.train_on_batch(x, y), twin.train_on_batch(x, y), rtol=1e-5)
    for own, expected in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-6)
    model.save(tmp_path / "my_model.h5")
    again = models.load_model(tmp_path / "my_model.h5", compile=False)
    np.testing.assert_allclose(again.predict(x)[0], parallel.predict(x)[0], atol=1e-6)


def test_the_manuals_example() -> None:
    """Section 20.9, with a smaller model, fewer samples and no GPUs."""
    with K.device_scope("/cpu:0"):
        model = models.Sequential(
            [
                layers.Conv2D(4, 3, input_shape=(8, 8, 3)),
                layers.BatchNormalization(),
                layers.GlobalAveragePooling2D(),
                layers.Dropout(0.2),
                layers.Dense(10, activation="softmax"),
            ]
        )
    parallel_model = multi_gpu_model(model, gpus=2, devices=CPUS)
    parallel_model.compile(loss="categorical_crossentropy", optimizer="rmsprop")
    before = model.get_weights()
    x, y = np.random.random((16, 8, 8, 3)), np.random.random((16, 10))
    history = parallel_model.fit(x, y, epochs=2, batch_size=8, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    for old, new in zip(before, model.get_weights(), strict=True):
        assert not np.array_equal(old, new)


def test_each_replica_runs_on_its_device() -> None:
    model = models.Sequential([layers.Dense(2, input_shape=(3,))])
    # The `meta` device computes shapes and no values, so nothing can come back from it.
    parallel = multi_gpu_model(model, 2, devices=["/cpu:0", "meta"])
    with pytest.raises(NotImplementedError, match="meta tensor"):
        parallel.predict(np.ones((4, 3)))


def test_parts_of_a_model_on_different_devices() -> None:
    """Section 3.3.4.2, with smaller sequences."""
    input_a, input_b = layers.Input((4, 6)), layers.Input((4, 6))
    shared_lstm = layers.LSTM(5)
    with K.device_scope("/cpu:0"):
        encoded_a = shared_lstm(input_a)
    with K.device_scope("cpu"):
        encoded_b = shared_lstm(input_b)
    with K.device_scope("/cpu:0"):
        merged_vector = layers.concatenate([encoded_a, encoded_b], axis=-1)
    model = models.Model([input_a, input_b], layers.Dense(1)(merged_vector))
    plain = models.Model(
        [input_a, input_b], model.layers[-1](layers.concatenate([shared_lstm(input_a), shared_lstm(input_b)]))
    )
    data = [np.random.random((3, 4, 6)) for _ in range(2)]
    targets = np.random.random((3, 1))
    np.testing.assert_allclose(model.predict(data), plain.predict(data), atol=1e-6)
    weights = model.get_weights()
    losses = []
    for trained in (model, plain):
        trained.set_weights(weights)
        trained.compile("sgd", "mse")
        losses.append([trained.train_on_batch(data, targets) for _ in range(3)])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


@pytest.mark.parametrize("gpus", [1, 0, [0], []])
def test_fewer_than_two_gpus_make_no_sense(gpus: Any) -> None:
    with pytest.raises(ValueError, match="gpus >= 2"):
        multi_gpu_model(make_model(), gpus)


@pytest.mark.parametrize("gpus", [8, [0, 7]])
def test_missing_gpus_are_named(gpus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_module.torch.cuda, "device_count", lambda: 2)
    with pytest.raises(
        ValueError, match=r"'/gpu:7'\]\. However this machine only has: \['/cpu:0', '/gpu:0', '/gpu:1'\]"
    ):
        multi_gpu_model(make_model(), gpus)
    with pytest.raises(ValueError, match="must name 3 devices"):
        multi_gpu_model(make_model(), 3, devices=CPUS)

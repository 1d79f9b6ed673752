"""Trainings broken off after any batch and continued elsewhere end as if nothing had happened, to the last bit."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import callbacks, layers
from engine.backend.random import seed_default_generators
from engine.models import Model, Sequential
from engine.training.state import Progress, StateKeeper, TrainingState

EPOCHS = 5
BATCH = 8

rng = np.random.default_rng(5)
X = rng.normal(size=(40, 4, 3)).astype("float32")
Y = (rng.random((40, 1)) > 0.5).astype("float32")


class BrokenOffError(Exception):
    """Ends a training from within."""


class Breaker(StateKeeper):
    """Keeps the state of one moment, as a file would hold it, and ends the training."""

    def __init__(self, moment: int | None = None, resumed: TrainingState | None = None) -> None:
        super().__init__(resumed)
        self.moment = moment
        self.moments = 0
        self.state: TrainingState | None = None

    def is_due(self, progress: Progress) -> bool:
        self.moments += 1
        return self.moments == self.moment

    def keep(self, state: TrainingState) -> None:
        facts = json.loads(json.dumps(state.facts, allow_nan=False))
        self.state = TrainingState(facts, {name: array.copy() for name, array in state.arrays.items()})
        raise BrokenOffError


class Jitter(callbacks.Callback):
    """Draws from Python's generator, as a callback may."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        K.set_value(self.model.optimizer.lr, K.get_value(self.model.optimizer.lr) * random.uniform(0.9, 1.1))


class Count(layers.Layer):
    """A stateful metric: how many positives there were this epoch."""

    name = "count"
    stateful = True

    def __init__(self) -> None:
        super().__init__(name="count")
        self.stateful = True
        self.total = K.variable(0.0)

    def reset_states(self) -> None:
        K.set_value(self.total, 0.0)

    def __call__(self, y_true: Any, y_pred: Any) -> Any:
        grown = self.total + K.sum(y_true)
        self.add_update(K.update(self.total, grown), inputs=[y_true, y_pred])
        return grown


def make_normalized() -> Any:
    model = Sequential(
        [
            layers.Flatten(input_shape=(4, 3)),
            layers.Dense(6),
            layers.BatchNormalization(),
            layers.Dropout(0.3, seed=4),
            layers.GaussianNoise(0.1),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("nadam", "binary_crossentropy", metrics=["acc", Count()])
    return model


def make_stateful() -> Any:
    given = layers.Input(batch_shape=(BATCH, 4, 3))
    x = layers.LSTM(5, stateful=True, recurrent_dropout=0.2, return_sequences=True)(given)
    x = layers.GRU(4, stateful=True)(x)
    model = Model(given, layers.Dense(1, activation="sigmoid")(x))
    model.compile("rmsprop", "binary_crossentropy", metrics=["acc"])
    return model


def make_clipped() -> Any:
    model = Sequential([layers.SimpleRNN(4, input_shape=(4, 3), dropout=0.2), layers.Dense(1)])
    model.compile({"class_name": "SGD", "config": {"momentum": 0.9, "decay": 1e-2, "clipnorm": 1.0}}, "mse")
    return model


FITS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "normalized": (make_normalized, {"validation_split": 0.2}),
    "stateful": (make_stateful, {"validation_data": (X[:16], Y[:16]), "shuffle": False}),
    "clipped": (make_clipped, {"shuffle": "batch", "validation_split": 0.25}),
}


def fit(kind: str, breaker: Breaker) -> Any:
    make, arguments = FITS[kind]
    model = make()
    members = [
        callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.9),
        callbacks.ReduceLROnPlateau("loss", patience=0, cooldown=1, factor=0.5, min_delta=0.2),
        callbacks.EarlyStopping("val_loss", patience=1, min_delta=0.5),
        Jitter(),
        breaker,
    ]
    model.fit(X, Y, BATCH, EPOCHS, verbose=0, callbacks=members, **arguments)
    return model


def run(kind: str, breaker: Breaker, seed: int = 1) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Train as a process of its own would."""
    with K.isolated_state():
        random.seed(seed)
        np.random.seed(seed)
        seed_default_generators(seed)
        model = fit(kind, breaker)
        remembered = [*model.get_weights(), *model.optimizer.get_state().values()]
        history = {"epoch": model.history.epoch, **model.history.history}
        return history, [*remembered, *K.get_random_state().values()]


@pytest.mark.parametrize("kind", list(FITS))
def test_a_training_goes_on_from_any_batch(kind: str) -> None:
    counting = Breaker()
    history, remembered = run(kind, counting)
    assert 1 < len(history["epoch"]) < EPOCHS
    assert counting.moments > 8
    positions = set()
    for moment in range(1, counting.moments + 1):
        breaker = Breaker(moment)
        with pytest.raises(BrokenOffError):
            run(kind, breaker)
        assert breaker.state is not None
        positions.add((breaker.state.epoch, breaker.state.batch))
        again, state = run(kind, Breaker(resumed=breaker.state), seed=99)
        assert again == history, moment
        for own, other in zip(state, remembered, strict=True):
            np.testing.assert_array_equal(own, other, err_msg=f"after {moment}")
    assert len(positions) == counting.moments


def test_averages_that_are_added_up_in_parts_go_on_exactly() -> None:
    def train(breaker: Breaker) -> float:
        with K.isolated_state():
            np.random.seed(1)
            model = Sequential([layers.Dense(1, input_shape=(3,))])
            model.compile("sgd", "mse")
            rows = np.random.default_rng(0).normal(size=(1100, 3))
            model.fit(rows, rows[:, :1], 1, 1, verbose=0, callbacks=[breaker])
            return float(model.history.history["loss"][0])

    expected = train(Breaker())
    for moment in (511, 512, 513, 1050, 1100):
        breaker = Breaker(moment)
        with pytest.raises(BrokenOffError):
            train(breaker)
        assert train(Breaker(resumed=breaker.state)) == expected


def test_a_state_of_another_model_is_refused() -> None:
    breaker = Breaker(2)
    with pytest.raises(BrokenOffError):
        run("clipped", breaker)
    with pytest.raises(ValueError, match="Build and compile the same model"):
        run("stateful", Breaker(resumed=breaker.state))


def test_a_generator_can_not_be_gone_on_with() -> None:
    model = make_clipped()
    with pytest.raises(ValueError, match="call `fit` with arrays"):
        model.fit_generator(iter([(X, Y)]), 1, verbose=0, callbacks=[Breaker()])

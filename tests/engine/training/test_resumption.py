"""Trainings that are broken off and continued end as if nothing had happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import callbacks, layers
from engine.models import Sequential

EPOCHS = 20
BREAKS = (1, 5, 11)

rng = np.random.default_rng(2)
X = rng.normal(size=(24, 3))
Y = rng.normal(size=(24, 1))


def make_model() -> Any:
    model = Sequential([layers.Dense(4, activation="tanh", input_shape=(3,)), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    K.set_value(model.optimizer.lr, 0.1)
    return model


def make_callbacks(folder: Path) -> list[Any]:
    return [
        callbacks.ReduceLROnPlateau("loss", patience=0, cooldown=1, factor=0.5),
        callbacks.EarlyStopping("val_loss", patience=2),
        callbacks.ModelCheckpoint(folder / "best.h5", "val_loss", save_best_only=True, period=2),
        callbacks.CSVLogger(folder / "log.csv"),
        callbacks.TerminateOnNaN(),
        callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.95),
    ]


def fit(model: Any, members: list[Any], first: int, last: int) -> Any:
    return model.fit(
        X,
        Y,
        8,
        initial_epoch=first,
        epochs=last,
        verbose=0,
        validation_split=0.25,
        callbacks=members,
    )


def run_whole(folder: Path) -> Any:
    with K.isolated_state():
        np.random.seed(1)
        model = make_model()
        return fit(model, make_callbacks(folder), 0, EPOCHS)


@pytest.mark.parametrize("stop", BREAKS)
def test_a_continued_training_ends_the_same(tmp_path: Path, stop: int) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    expected = run_whole(whole)
    # It is stopped early, and the rate has fallen before.
    assert stop < len(expected.epoch) < EPOCHS
    assert expected.history["lr"][-1] < 0.1 * 0.95 ** len(expected.epoch)
    with K.isolated_state():
        np.random.seed(1)
        model = make_model()
        members = make_callbacks(broken)
        history = fit(model, members, 0, stop)
        states = json.dumps([member.get_state() for member in [*members, history]], allow_nan=False)
        kept = (model.get_weights(), model.optimizer.get_weights(), K.get_value(model.optimizer.lr))
        random_state = K.get_random_state()
    with K.isolated_state():
        np.random.seed(99)
        again = make_model()
        again.set_weights(kept[0])
        again._step("train")
        again.optimizer.set_weights(kept[1])
        K.set_value(again.optimizer.lr, kept[2])
        others = make_callbacks(broken)
        for member, state in zip(others, json.loads(states), strict=False):
            member.set_state(state)
        K.set_random_state(random_state)
        continued = fit(again, others, stop, EPOCHS)
    assert continued.epoch == expected.epoch[stop:]
    for name, values in expected.history.items():
        assert continued.history[name] == values[stop:]
    for own, other in zip(continued.model.get_weights(), expected.model.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)
    assert (broken / "log.csv").read_text() == (whole / "log.csv").read_text()


def test_looking_at_the_weights_first_changes_nothing() -> None:
    histories = []
    for looks in (False, True):
        with K.isolated_state():
            np.random.seed(1)
            model = make_model()
            if looks:
                model.get_weights()
            histories.append(fit(model, [], 0, 2).history)
    assert histories[0] == histories[1]

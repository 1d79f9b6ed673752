"""A step costs the same in each epoch, metrics what they compute, and layers one as much as the other: by counts."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from engine.backend.recording import Recording
from engine.layers import Dense
from engine.models import Sequential

ROWS, SIZE = 36, 8


def _make(depth: int = 2, metrics: Sequence[str] = ()) -> Sequential:
    hidden = [Dense(SIZE, activation="tanh", input_shape=(SIZE,)) for _ in range(depth)]
    model = Sequential([*hidden, Dense(3, activation="softmax")])
    model.compile("adam", "categorical_crossentropy", metrics=list(metrics))
    return model


def _fit(model: Sequential, epochs: int, **settings: Any) -> None:
    x, y = np.ones((ROWS, SIZE), "float32"), np.eye(3, dtype="float32")[np.arange(ROWS) % 3]
    model.fit(x, y, batch_size=8, epochs=epochs, verbose=0, **settings)


def _count_kernels(model: Sequential) -> int:
    """Return how many kernels and leaves a training step calls."""
    _fit(model, 1)
    function = model._step("train")._function
    lowering = function.lower(1)
    run = lowering.compile()
    batch = model._make_batch([np.ones((8, SIZE)), np.ones((8, 3)), np.ones(8)])
    with Recording(batch, lowering.captured) as recording:
        run(*batch, *lowering.captured)
    assert recording.obstacle is None
    return len(recording.calls)


@pytest.mark.parametrize("validation", [0.0, 0.25], ids=["plain", "validated"])
def test_epochs_leave_nothing_behind(validation: float) -> None:
    model = _make(metrics=["accuracy"])

    def count_after(epochs: int) -> Counter[type]:
        _fit(model, epochs, validation_split=validation)
        gc.collect()
        return Counter(map(type, gc.get_objects()))

    count_after(10)
    few, many = count_after(10), count_after(60)
    grown = {kind: many[kind] - few[kind] for kind in many if many[kind] > few[kind]}
    assert sum(grown.values()) < 10, grown


def test_a_shape_is_recorded_once() -> None:
    model = _make()
    _fit(model, 20)
    (train,) = model._step("train")._function._compiled.values()
    # Full batches, and the last one.
    flat = dict(train._flat)
    assert len(flat) == 2
    _fit(model, 20)
    assert train._flat == flat
    assert not train._recordings


def test_kernels_of_a_step_grow_with_the_layers_alone() -> None:
    shallow, medium, deep = (_count_kernels(_make(depth)) for depth in (4, 8, 16))
    assert deep - medium == 2 * (medium - shallow) > 0


def test_a_metric_adds_its_own_kernels() -> None:
    added = [_count_kernels(_make(depth, ["accuracy"])) - _count_kernels(_make(depth)) for depth in (2, 8)]
    assert added[0] == added[1]
    # Two maxima, their comparison, its conversion and the mean, with what turns and copies between them.
    assert 0 < added[0] <= 10

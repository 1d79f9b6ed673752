"""Gradients of large tables are the same to the bit in memory that is kept, whatever became of it before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from engine import backend as K
from engine.backend import flat_graph
from engine.constraints import max_norm
from engine.layers import Dense, Embedding, Flatten, Input, concatenate
from engine.models import Model
from engine.optimizers import Adam, Optimizer
from engine.utils import set_random_seed

ROWS, SIZE = 2**15, 32
WORDS = np.random.default_rng(0).integers(0, 60, (90, 5))


@pytest.fixture(autouse=True)
def fresh_session() -> object:
    with K.isolated_state():
        yield


def make_model(optimizer: str | Optimizer, dtype: str = "int32", **settings: object) -> Model:
    set_random_seed(1)
    words = Input((5,), dtype=dtype)
    model = Model(words, Dense(1)(Flatten()(Embedding(ROWS, SIZE, **settings)(words))))
    model.compile(optimizer, "mse")
    return model


def train(model: Model) -> list[np.ndarray]:
    """Fit and change weights in between; the last batch of each epoch is smaller, and has a graph of its own."""
    targets = WORDS.sum(axis=1, keepdims=True) / 100.0
    for _ in range(2):
        model.fit(WORDS, targets, batch_size=8, epochs=4, shuffle=True, verbose=0)
        model.layers[1].set_weights([model.layers[1].get_weights()[0] * 0.5])
    return [*model.get_weights(), model.predict(WORDS)]


def holds_gradient(model: Model) -> bool:
    return hasattr(model.layers[1].embeddings.value, "_row_gradient")


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "adagrad", "adadelta", "adamax", "nadam"])
def test_training_is_the_same_to_the_bit(optimizer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model(optimizer)
    found = train(model)
    assert holds_gradient(model)
    monkeypatch.setattr(flat_graph, "keep_row_gradients", lambda calls, known, outputs: calls)
    plain = make_model(optimizer)
    for one, other in zip(found, train(plain), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not holds_gradient(plain)


OTHERS: dict[str, Callable[[], Model]] = {
    "clipped": lambda: make_model(Adam(clipnorm=0.1)),
    "regularized": lambda: make_model("adam", embeddings_regularizer="l2"),
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_gradients_that_others_read_too_are_made_anew(make: Callable[[], Model]) -> None:
    model = make()
    train(model)
    assert not holds_gradient(model)


def test_two_readers_of_one_table_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def train_shared() -> list[np.ndarray]:
        set_random_seed(1)
        one, two, table = Input((5,)), Input((5,)), Embedding(ROWS, SIZE, embeddings_constraint=max_norm(1))
        model = Model([one, two], Dense(1)(concatenate([Flatten()(table(one)), Flatten()(table(two))])))
        model.compile("adam", "mse")
        model.fit([WORDS, WORDS[::-1]], np.ones((90, 1)), batch_size=9, epochs=3, shuffle=False, verbose=0)
        return model.get_weights()

    found = train_shared()
    monkeypatch.setattr(flat_graph, "keep_row_gradients", lambda calls, known, outputs: calls)
    for one, other in zip(found, train_shared(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_fed_words_may_change_after_a_step() -> None:
    """The rows to clear are remembered, not read again from memory that the next batch lies in."""
    model = make_model("adam", dtype="int64")
    table = model.layers[1].embeddings.value
    batch = torch.arange(40, dtype=torch.int64).reshape(8, 5)
    for step in range(9):
        batch.fill_(step)
        model.train_on_batch(batch.numpy(), np.ones((8, 1)))
    gradient, rows = table._row_gradient
    assert rows.unique().tolist() == [8]
    assert gradient.any(dim=1).nonzero().flatten().tolist() == [8]

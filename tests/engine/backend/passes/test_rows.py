"""Gradients of large tables come as rows where the optimizer takes them, and move weights as whole ones do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine.backend.passes.rows import gather_by_rows
from engine.layers import Dense, Embedding, Flatten, Input, add
from engine.models import Model
from engine.optimizers import SGD, Adam

ROWS, SIZE = 2**15, 32


def _train(optimizer: Any, **embedding: Any) -> tuple[Model, bool]:
    """Train on words of which some occur twice; the table is the model's first weight."""
    generator = np.random.default_rng(0)
    words = Input((4,))
    table = Embedding(ROWS, SIZE, **embedding)
    answer = Dense(1)(Flatten()(add([table(words), table(words)])))
    model = Model(words, answer)
    model.compile(optimizer, "mse")
    weights = [generator.standard_normal(weight.shape) * 0.1 for weight in model.get_weights()]
    model.set_weights(weights)
    x = generator.integers(0, 50, (96, 4))
    model.fit(x, x.sum(1, keepdims=True) * 0.01, batch_size=16, epochs=2, shuffle=False, verbose=0)
    code = model._step("train")._function.lower(1)
    code.compile()
    return model, any(node.target is gather_by_rows for node in code.module.graph.nodes)


def _reference(monkeypatch: pytest.MonkeyPatch, optimizer: Any, **embedding: Any) -> Model:
    monkeypatch.setattr("engine.backend.passes.rows._SMALLEST_TABLE", 2**40)
    with K.isolated_state():
        model, by_rows = _train(optimizer, **embedding)
    assert not by_rows
    monkeypatch.undo()
    return model


@pytest.mark.parametrize(
    "settings", [{}, {"decay": 0.1}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}], ids=str
)
def test_gradient_descent_by_rows_is_that_of_whole_tables(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = _reference(monkeypatch, SGD(lr=0.1, **settings))
    model, by_rows = _train(SGD(lr=0.1, **settings))
    assert by_rows
    # Gradients of a row that occurs several times are added in another order.
    for own, reference in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(own, reference, rtol=1e-5, atol=1e-7)
    for own, reference in zip(model.optimizer.get_weights(), plain.optimizer.get_weights(), strict=True):
        np.testing.assert_allclose(own, reference, rtol=1e-5, atol=1e-7)


def test_moves_that_were_put_off_are_dropped_where_somebody_else_writes() -> None:
    model, _ = _train(SGD(lr=0.1))
    moment = model.optimizer.weights[1]
    K.set_value(moment, np.ones((ROWS, SIZE)))
    assert np.all(K.get_value(moment) == 1)
    model.train_on_batch(np.full((8, 4), 7), np.ones((8, 1)))
    filled = np.flatnonzero(np.any(K.get_value(moment) != 0, axis=1))
    assert filled.tolist() == [7]


def test_functions_of_a_moment_see_that_of_the_last_step() -> None:
    model, _ = _train(SGD(lr=0.1))
    moment = model.optimizer.weights[1]
    moves = K.function([], [K.sum(K.abs(moment), axis=1)])
    for row in (7, 9):
        model.train_on_batch(np.full((8, 4), row), np.ones((8, 1)))
        assert np.flatnonzero(moves([])[0]).tolist() == [row]
        assert np.flatnonzero(K.get_value(moment)[:, 0]).tolist() == [row]


def test_momentum_that_comes_later_takes_over_the_last_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    def go_on(model: Model) -> list[np.ndarray]:
        K.set_value(model.optimizer.momentum, 0.9)
        model.train_on_batch(np.full((8, 4), 7), np.ones((8, 1)))
        return [*model.get_weights(), *model.optimizer.get_weights()]

    expected = go_on(_reference(monkeypatch, SGD(lr=0.1)))
    found = go_on(_train(SGD(lr=0.1))[0])
    for own, reference in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, reference, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("optimizer", "embedding"),
    [
        (lambda: SGD(lr=0.1, clipnorm=0.5), {}),
        (lambda: SGD(lr=0.1, clipvalue=0.5), {}),
        (lambda: Adam(), {}),
    ],
    ids=["clipnorm", "clipvalue", "adam"],
)
def test_whole_gradients_are_taken_where_they_are_wanted(optimizer: Any, embedding: dict[str, Any]) -> None:
    assert not _train(optimizer(), **embedding)[1]


@pytest.mark.parametrize(
    "embedding", [{"embeddings_regularizer": "l2"}, {"embeddings_constraint": "non_neg"}], ids=str
)
def test_penalties_and_constraints_on_a_table_count(
    embedding: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = _reference(monkeypatch, SGD(lr=0.1), **embedding)
    model, by_rows = _train(SGD(lr=0.1), **embedding)
    assert by_rows
    for own, reference in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(own, reference, rtol=1e-5, atol=1e-7)


def test_the_gradient_itself_is_whole_for_who_asks_for_it() -> None:
    table = K.variable(np.zeros((ROWS, SIZE)))
    words = K.placeholder((None,), dtype="int32")
    (gradient,) = K.gradients(K.sum(K.gather(table, words)), [table])
    value = K.function([words], [gradient])([np.array([3, 3, 5])])[0]
    assert value.shape == (ROWS, SIZE)
    assert value[:, 0].nonzero()[0].tolist() == [3, 5]
    assert value[3, 0] == 2


def test_an_index_out_of_the_table_is_an_error() -> None:
    model, _ = _train(SGD(lr=0.1))
    with pytest.raises(IndexError, match="out of range"):
        model.train_on_batch(np.full((8, 4), ROWS), np.ones((8, 1)))

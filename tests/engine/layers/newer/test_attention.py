"""Attention against its formula in NumPy, and what the layers refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import layers as L
from engine.models import Model

DRAW = np.random.RandomState(6)
QUERY, VALUE = DRAW.randn(2, 4, 3).astype("float32"), DRAW.randn(2, 5, 3).astype("float32")


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def attend_by_hand(
    weights: list[np.ndarray], mask: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    query, key, value = (
        np.einsum("btc,chd->bhtd", inputs, weights[2 * number]) + weights[2 * number + 1][:, None]
        for number, inputs in enumerate((QUERY, VALUE, VALUE))
    )
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(query.shape[-1])
    shares = softmax(scores if mask is None else np.where(mask, scores, -1e9))
    return np.einsum("bhtd,hdc->btc", shares @ value, weights[6]) + weights[7], shares


def test_several_heads_with_scores_and_mask() -> None:
    query, value, mask = L.Input((4, 3)), L.Input((5, 3)), L.Input((4, 5), dtype="bool")
    layer = L.MultiHeadAttention(2, 6)
    outputs = [*layer(query, value, return_attention_scores=True), layer(query, value, attention_mask=mask)]
    model = Model([query, value, mask], outputs)
    allowed = DRAW.rand(2, 4, 5) > 0.4
    allowed[0, 1] = False
    found, scores, masked = model.predict([QUERY, VALUE, allowed])

    expected, shares = attend_by_hand(layer.get_weights())
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(scores, shares, atol=1e-5)
    np.testing.assert_allclose(masked, attend_by_hand(layer.get_weights(), allowed[:, None])[0], atol=1e-5)


def test_no_step_sees_a_later_one() -> None:
    x = L.Input((4, 3))
    model = Model(x, L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True))
    changed = QUERY.copy()
    changed[:, 2:] += 1.0
    before, after = model.predict(QUERY), model.predict(changed)
    np.testing.assert_allclose(before[:, :2], after[:, :2], atol=1e-6)
    assert np.abs(before[:, 2:] - after[:, 2:]).max() > 1e-3


def test_the_parts_are_named_as_in_keras_3() -> None:
    x = L.Input((4, 3))
    layer = L.MultiHeadAttention(2, 3, name="look")
    layer(x, x)
    parts = [layer.query_dense, layer.key_dense, layer.value_dense, layer.output_dense]
    assert [part.name for part in parts] == ["query", "key", "value", "attention_output"]
    assert [weight.name for weight in layer.weights[:2]] == ["look/query/kernel:0", "look/query/bias:0"]
    layer.trainable = False
    assert layer.trainable_weights == []
    assert len(layer.non_trainable_weights) == 8


def test_dropout_drops_scores_while_training_only() -> None:
    x = L.Input((4, 3))
    model_output = L.MultiHeadAttention(2, 3, dropout=0.5)(x, x)
    run = K.function([x, K.learning_phase()], [model_output])
    np.testing.assert_array_equal(run([QUERY, 0])[0], run([QUERY, 0])[0])
    assert not np.array_equal(run([QUERY, 1])[0], run([QUERY, 1])[0])


def test_one_input_is_refused() -> None:
    x = L.Input((4, 3))
    with pytest.raises(ValueError, match=r"takes a query and a value, such as `layer\(x, x\)`"):
        L.MultiHeadAttention(2, 3)(x)
    with pytest.raises(ValueError, match="takes a list of query, value and, if need be, key"):
        L.Attention()(x)


def test_an_equation_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="`equation` must look like"):
        L.EinsumDense("abc->ab", 3)
    with pytest.raises(ValueError, match="can't take inputs of shape"):
        L.EinsumDense("abc,cd->abd", (None, 3))(L.Input((2,)))
    with pytest.raises(ValueError, match="must have a size for each of"):
        L.EinsumDense("abc,cd->abd", 3)(L.Input((2, 3)))

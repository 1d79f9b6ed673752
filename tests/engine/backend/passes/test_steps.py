"""Sequences of embedded words lie step by step where recurrences alone read them, and give what they gave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine.backend import rewriting
from engine.backend.passes.steps import gather_by_steps, lay_out_by_steps
from engine.layers import GRU, LSTM, Bidirectional, Concatenate, Dense, Embedding, Flatten, Input, SimpleRNN
from engine.models import Model
from engine.utils import set_random_seed

WORDS = np.random.default_rng(0).integers(0, 9, (24, 5))
READERS: dict[str, Callable[[Any], Any]] = {
    "lstm": lambda x: LSTM(4)(x),
    "fused": lambda x: LSTM(4, recurrent_activation="sigmoid")(x),
    "gru": lambda x: GRU(4, reset_after=True)(x),
    "simple": lambda x: SimpleRNN(4, go_backwards=True)(x),
    "both": lambda x: Bidirectional(LSTM(3, recurrent_activation="sigmoid"))(x),
    "two": lambda x: Concatenate()([GRU(4)(x), SimpleRNN(2)(x)]),
    "dropped": lambda x: LSTM(4, dropout=0.5)(x),
}


def train(read: Callable[[Any], Any], mask_zero: bool = False) -> tuple[list[np.ndarray], int]:
    """Return predictions and weights after training, and how many of both functions gather by steps."""
    set_random_seed(3)
    with K.isolated_state():
        words = Input((5,))
        model = Model(words, Dense(2)(read(Embedding(9, 6, mask_zero=mask_zero)(words))))
        model.compile("adam", "mse")
        model.fit(WORDS, np.ones((24, 2)), batch_size=4, epochs=2, shuffle=False, verbose=0)
        found = [model.predict(WORDS, batch_size=4), *model.get_weights()]
        count = 0
        for kind, phase in (("train", 1), ("predict", 0)):
            code = model._step(kind)._function.lower(phase)
            code.compile()
            count += any(node.target is gather_by_steps for node in code.module.graph.nodes)
    return found, count


@pytest.mark.parametrize("mask_zero", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_results_are_those_of_plain_sequences(
    read: Callable[[Any], Any], mask_zero: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, count = train(read, mask_zero)
    assert count == 2
    others = [each for each in rewriting._passes if each is not lay_out_by_steps]
    monkeypatch.setattr(rewriting, "_passes", others)
    expected, count = train(read, mask_zero)
    assert count == 0
    # Gradients of a word that occurs several times are added in another order.
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-6)


def test_sequences_that_others_read_too_stay_as_they_are() -> None:
    _, count = train(lambda x: Concatenate()([LSTM(4)(x), Flatten()(x)]))
    assert count == 0

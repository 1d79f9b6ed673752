"""Inputs of models."""

from __future__ import annotations

from engine.layers import Input


def test_the_size_of_the_batch_may_be_fixed() -> None:
    assert Input((3,), batch_size=2)._keras_shape == (2, 3)
    assert Input(batch_shape=(2, 3))._keras_shape == (2, 3)
    assert Input(shape=3)._keras_shape == (None, 3)

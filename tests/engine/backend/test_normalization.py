"""Batch normalisation by the batch's own statistics."""

from typing import Any

import numpy as np
import pytest

from engine import backend as K

rng = np.random.RandomState(2)


@pytest.mark.parametrize(
    ("shape", "axes", "unbiased"),
    [
        ((6, 4), [0], False),
        ((6, 5, 4), [0, 1], False),
        ((6, 5, 4), [0, 2], False),
        # TensorFlow's fused kernel, which Keras uses for these alone, gives the unbiased variance.
        ((6, 3, 5, 4), [0, 1, 2], True),
        ((6, 3, 5, 4), [0, 2, 3], False),
        ((6, 3, 5, 4), [0], False),
    ],
)
@pytest.mark.parametrize("scaled", [False, True])
def test_normalises_by_mean_and_variance(shape: Any, axes: list[int], unbiased: bool, scaled: bool) -> None:
    x = rng.normal(3, 2, shape).astype("float32")
    left = [size for axis, size in enumerate(shape) if axis not in axes]
    kept = [1 if axis in axes else size for axis, size in enumerate(shape)]
    gamma, beta = (rng.uniform(1, 2, left).astype("float32") for _ in range(2))
    mean, variance = x.mean(tuple(axes)), x.var(tuple(axes))
    expected = (x - mean.reshape(kept)) / np.sqrt(variance.reshape(kept) + 1e-3)
    if scaled:
        expected = expected * gamma.reshape(kept) + beta.reshape(kept)
    y = K.placeholder((None, *shape[1:]))
    weights = (K.constant(gamma), K.constant(beta)) if scaled else (None, None)
    outputs = K.normalize_batch_in_training(y, *weights, axes)
    assert K.int_shape(outputs[0]) == (None, *shape[1:])
    assert [K.int_shape(tensor) for tensor in outputs[1:]] == [tuple(left)] * 2
    values = K.function([y], list(outputs))([x])
    count = x.size / variance.size
    given = variance * count / (count - 1) if unbiased else variance
    for value, reference in zip(values, (expected, mean, given), strict=True):
        np.testing.assert_allclose(value, reference, rtol=1e-4, atol=1e-5)

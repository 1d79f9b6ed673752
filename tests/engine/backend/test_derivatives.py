"""Derivatives where TensorFlow's and torch's conventions differ, and of what has weights."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from engine import backend as K


@pytest.mark.parametrize(
    ("function", "at", "expected"),
    [
        (K.relu, 0.0, 0.0),
        (lambda x: K.relu(x, alpha=0.3), 0.0, 0.0),
        (lambda x: K.relu(x, alpha=0.3), -1.0, 0.3),
        (lambda x: K.relu(x, alpha=0.3, max_value=2.0), 3.0, 0.0),
        (lambda x: K.relu(x, alpha=0.3, max_value=2.0), -1.0, 0.3),
        (lambda x: K.relu(x, max_value=2.0), 0.0, 0.0),
        (lambda x: K.relu(x, alpha=K.constant([0.3])), -1.0, 0.3),
        (lambda x: K.maximum(x, 0.0), 0.0, 1.0),
        (lambda x: K.maximum(x, K.constant([0.0])), 0.0, 1.0),
        (lambda x: K.minimum(x, K.constant([0.0])), 0.0, 1.0),
        (lambda x: K.clip(x, 0.0, 1.0), 1.0, 1.0),
        (lambda x: K.clip(x, 0.0, 1.0), 1.5, 0.0),
        (K.abs, 0.0, 0.0),
        (lambda x: K.stop_gradient(x) * x, 3.0, 3.0),
        (lambda x: K.stop_gradient([x, x])[1] * x, 3.0, 3.0),
    ],
)
def test_derivative_at_an_edge(function: Callable[[Any], Any], at: float, expected: float) -> None:
    x = K.placeholder((1,))
    assert K.function([x], K.gradients(function(x), [x]))([np.array([at])])[0] == np.float32(expected)


def test_the_largest_of_equals_share_the_derivative() -> None:
    x = K.placeholder((1, 3))
    gradient = K.function([x], K.gradients(K.max(x, 1), [x]))([np.array([[2.0, 1.0, 2.0]])])[0]
    assert gradient.tolist() == [[0.5, 0.0, 0.5]]


def test_crossentropies_stay_finite_at_certainty() -> None:
    t, y = K.placeholder((None, 2)), K.placeholder((None, 2))
    losses = [
        K.categorical_crossentropy(t, y),
        K.binary_crossentropy(t, y),
        K.sparse_categorical_crossentropy(K.argmax(t), y),
    ]
    for loss in losses:
        compute = K.function([t, y], [loss, *K.gradients(loss, [y])])
        for value in compute([np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])]):
            assert np.isfinite(value).all()
        # The farthest from the truth costs -log(epsilon).
        assert compute([np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])])[0].max() == pytest.approx(
            16.118, abs=0.2
        )


def draw(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, dtype=torch.float64, generator=generator).requires_grad_()


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (
            lambda x, k, b: K.conv2d(x, k, (2, 1), "same", "channels_last", bias=b),
            [(2, 5, 4, 2), (3, 2, 2, 3), (3,)],
        ),
        (
            lambda x, k: K.conv1d(x, k, 1, "causal", "channels_last", 2),
            [(2, 5, 2), (3, 2, 3)],
        ),
        (
            lambda x, k: K.conv2d_transpose(x, k, (2, 9, 8, 2), (2, 2), "same", "channels_last"),
            [(2, 5, 4, 3), (3, 2, 2, 3)],
        ),
        (
            lambda x, d, p: K.separable_conv2d(x, d, p, data_format="channels_last"),
            [(2, 4, 4, 2), (3, 2, 2, 2), (1, 1, 4, 3)],
        ),
        (lambda x: K.pool2d(x, (2, 2), (1, 1), "same", "channels_last", "avg"), [(2, 5, 4, 2)]),
        (
            lambda x, g, b: K.normalize_batch_in_training(x, g, b, [0, 1, 2])[0],
            [(2, 3, 4, 2), (2,), (2,)],
        ),
        (lambda x, k: K.local_conv1d(x, k, (2,), (1,)), [(2, 4, 3), (3, 6, 2)]),
        (lambda x, y: K.batch_dot(x, y, (2, 1)), [(2, 3, 4), (2, 4)]),
        (lambda x, k, b: K.linear(x, k, b), [(2, 3, 4), (4, 2), (2,)]),
    ],
    ids=lambda value: None if callable(value) else str(value[0]),
)
def test_derivatives_are_those_of_finite_differences(function: Callable[..., Any], shapes: Any) -> None:
    with K.computing():
        assert torch.autograd.gradcheck(function, [draw(*shape) for shape in shapes])

"""The written-out derivative of long short-term memory against the one that torch records."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import backend as K
from engine.backend.recurrence import _run_steps, lstm

BATCH, STEPS, UNITS = 3, 6, 4


def make_values() -> list[np.ndarray]:
    draw = np.random.RandomState(0)
    shapes = [(BATCH, STEPS, 4 * UNITS), (BATCH, UNITS), (BATCH, UNITS), (UNITS, 4 * UNITS)]
    return [2 * draw.randn(*shape) for shape in shapes]


@pytest.mark.parametrize("hard", [False, True], ids=["sigmoid", "hard sigmoid"])
def test_values_and_derivatives_are_those_of_the_plain_loop(hard: bool) -> None:
    results = []
    for run in (lambda *args: lstm(*args, hard), lambda *args: _run_steps(hard, *args)):
        inputs = [torch.tensor(value, requires_grad=True) for value in make_values()]
        outputs, *_, carry = run(*inputs)
        loss = (outputs * torch.arange(1.0, STEPS + 1)[:, None]).sum() + carry.square().sum()
        results.append([outputs, carry, *torch.autograd.grad(loss, inputs)])
    for own, plain in zip(*results, strict=True):
        torch.testing.assert_close(own, plain)


@pytest.mark.parametrize("hard", [False, True], ids=["sigmoid", "hard sigmoid"])
def test_derivatives_can_be_differentiated(hard: bool) -> None:
    results = []
    for run in (lambda *args: lstm(*args, hard), lambda *args: _run_steps(hard, *args)):
        inputs = [torch.tensor(value, requires_grad=True) for value in make_values()]
        first = torch.autograd.grad(run(*inputs)[0].square().sum(), inputs, create_graph=True)
        penalty = sum(gradient.square().sum() for gradient in first)
        results.append([*first, *torch.autograd.grad(penalty, inputs)])
    for own, plain in zip(*results, strict=True):
        torch.testing.assert_close(own, plain)


def test_sizes_unknown_before_data_arrives_stay_unknown() -> None:
    with K.isolated_state():
        projected = K.placeholder((None, None, 4 * UNITS))
        states = [K.placeholder((None, UNITS)) for _ in range(2)]
        kernel = K.placeholder((UNITS, 4 * UNITS))
        results = lstm(projected, *states, kernel, True)
        assert [result.shape for result in results] == [(None, None, UNITS), (None, UNITS), (None, UNITS)]
        values = make_values()
        computed = K.function([projected, *states, kernel], list(results))(values)
        expected = _run_steps(True, *[torch.tensor(value) for value in values])
        np.testing.assert_allclose(computed[0], expected[0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(computed[2], expected[1], rtol=1e-4, atol=1e-5)

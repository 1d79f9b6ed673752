"""Convolutional long short-term memory and its written-out derivative against a loop that torch differentiates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from engine.backend.recurrence import conv_lstm
from engine.backend.recurrence.conv_lstm import repeat
from engine.backend.recurrence.inputs import Inputs

STEPS, BATCH, UNITS = 4, 2, 3
SIZES = pytest.mark.parametrize("sizes", [(6,), (5, 4), (2, 4, 3)], ids=["1D", "2D", "3D"])
GATES = pytest.mark.parametrize("gate", ["sigmoid", "hard_sigmoid"])
STATES = pytest.mark.parametrize("has_states", [True, False], ids=["from states", "from zeros"])

Run = Callable[[Inputs, str], tuple[torch.Tensor, ...]]


def make_inputs(sizes: tuple[int, ...], has_states: bool) -> Inputs:
    draw = np.random.RandomState(0)

    def values(*shape: int) -> torch.Tensor:
        return torch.tensor(draw.randn(*shape), requires_grad=True)

    states = [values(BATCH, *sizes, UNITS) if has_states else None for _ in range(2)]
    sequences = values(STEPS, BATCH, *sizes, 4 * UNITS)
    return Inputs(sequences, None, None, values(*[3] * len(sizes), UNITS, 4 * UNITS), None, None, *states)


def differentiate(run: Run, inputs: Inputs, gate: str, again: bool = False) -> list[torch.Tensor]:
    outputs, *states = run(inputs, gate)
    loss = outputs.mul(torch.arange(1.0, STEPS + 1).view(-1, *[1] * (outputs.ndim - 2))).sum()
    loss = loss + sum(state.square().sum() for state in states)
    found = list(torch.autograd.grad(loss, inputs.list_derived(), create_graph=again))
    if again:
        found += torch.autograd.grad(sum(value.square().sum() for value in found), inputs.list_derived())
    return [outputs, *states, *found]


@SIZES
@GATES
@STATES
def test_values_and_derivatives_are_those_of_the_plain_loop(
    sizes: tuple[int, ...], gate: str, has_states: bool
) -> None:
    inputs = make_inputs(sizes, has_states)
    own, plain = (differentiate(run, inputs, gate) for run in (conv_lstm, repeat))
    torch.testing.assert_close(own, plain, rtol=1e-10, atol=1e-10)
    with torch.no_grad():
        torch.testing.assert_close(list(conv_lstm(inputs, gate)), own[:3], rtol=0, atol=0)


@GATES
def test_derivatives_can_be_differentiated(gate: str) -> None:
    inputs = make_inputs((4, 3), has_states=True)
    own, plain = (differentiate(run, inputs, gate, again=True) for run in (conv_lstm, repeat))
    torch.testing.assert_close(own, plain)


@STATES
def test_a_single_step(has_states: bool) -> None:
    inputs = make_inputs((4, 3), has_states)
    inputs = inputs._replace(sequences=inputs.sequences[:1])
    own, plain = (run(inputs, "hard_sigmoid")[0].sum() for run in (conv_lstm, repeat))
    found, expected = (
        torch.autograd.grad(total, inputs.list_derived(), materialize_grads=True) for total in (own, plain)
    )
    torch.testing.assert_close(found, expected)


@STATES
def test_a_tracer_sees_one_operation_and_one_for_its_derivative(has_states: bool) -> None:
    inputs = make_inputs((4, 3), has_states)

    def step(*values: torch.Tensor) -> list[torch.Tensor]:
        given = iter(values)
        leaves = Inputs(*(None if value is None else next(given).requires_grad_() for value in inputs))
        return differentiate(conv_lstm, leaves, "hard_sigmoid")

    given = [value.detach() for value in inputs.list_derived()]
    traced = make_fx(step)(*given)
    names = [str(node.target) for node in traced.graph.nodes if "conv" in str(node.target)]
    assert names == ["kerasd.conv_lstm.default", "kerasd.conv_lstm_backward.default"]
    expected = differentiate(conv_lstm, inputs, "hard_sigmoid")
    torch.testing.assert_close(traced(*given), expected, rtol=0, atol=0)


@SIZES
def test_tensors_without_data_have_the_right_shapes(sizes: tuple[int, ...]) -> None:
    inputs = make_inputs(sizes, has_states=True)
    values = [None if value is None else value.detach() for value in inputs]
    empty = [None if value is None else value.to("meta") for value in values]
    kept, shapes = (torch.ops.kerasd.conv_lstm(given, "sigmoid", True) for given in (values, empty))
    assert [value.shape for value in kept] == [value.shape for value in shapes]
    assert [value.stride() for value in kept] == [value.stride() for value in shapes]
    arguments = (kept, [None, kept[1], None], "sigmoid", True)
    found, shapes = (torch.ops.kerasd.conv_lstm_backward(given, *arguments) for given in (values, empty))
    assert [value.shape for value in found] == [value.shape for value in shapes]

"""Written-out recurrences and their derivatives against plain loops that torch differentiates."""

from __future__ import annotations

import functools
import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from engine import backend as K
from engine.backend.recurrence import gru, lstm, simple_rnn
from engine.backend.recurrence.fused import has_kernel
from engine.backend.recurrence.gru import repeat as repeat_gru
from engine.backend.recurrence.gru_reset_after import repeat as repeat_reset_after
from engine.backend.recurrence.inputs import Inputs, drop_inputs
from engine.backend.recurrence.lstm import repeat as repeat_lstm
from engine.backend.recurrence.simple import repeat as repeat_simple

BATCH, STEPS, SIZE, UNITS = 3, 6, 5, 4
GATES = pytest.mark.parametrize("gate", ["sigmoid", "hard_sigmoid"])

Run = Callable[[Inputs, str], tuple[torch.Tensor, ...]]


class Case:
    """A recurrence, the same as a plain loop, and the sizes of its weights and states."""

    def __init__(
        self,
        name: str,
        run: Run,
        repeat: Run,
        gates: int,
        has_carry: bool = False,
        has_two_biases: bool = False,
    ) -> None:
        self.name, self.run, self.repeat = name, run, repeat
        self.gates, self.has_carry, self.has_two_biases = gates, has_carry, has_two_biases


CASES = [
    Case("lstm", lstm, repeat_lstm, 4, has_carry=True),
    Case("gru", gru, repeat_gru, 3),
    Case(
        "gru_reset_after",
        functools.partial(gru, reset_after=True),
        repeat_reset_after,
        3,
        has_two_biases=True,
    ),
    Case("simple_rnn", simple_rnn, repeat_simple, 1),
]
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def make_inputs(
    case: Case, dtype: torch.dtype = torch.float64, masked: bool = False, projected: bool = False
) -> Inputs:
    draw = np.random.RandomState(0)
    width = case.gates * UNITS

    def values(*shape: int) -> torch.Tensor:
        return torch.tensor(2 * draw.randn(*shape), dtype=dtype)

    mask = torch.tensor([[1, 1, 1, 0, 0, 0], [0, 1, 1, 0, 1, 0], [0, 0, 0, 0, 0, 0]]).bool()
    return Inputs(
        sequences=values(BATCH, STEPS, width if projected else SIZE),
        kernel=None if projected else values(SIZE, width),
        bias=None if projected else values(width),
        recurrent_kernel=values(UNITS, width),
        recurrent_bias=values(width) if case.has_two_biases else None,
        mask=mask if masked else None,
        output=values(BATCH, UNITS),
        carry=values(BATCH, UNITS) if case.has_carry else None,
    )


def require_gradients(inputs: Inputs) -> Inputs:
    return Inputs(
        *(
            value.clone().requires_grad_()
            if isinstance(value, torch.Tensor) and value.is_floating_point()
            else value
            for value in inputs
        )
    )


def differentiate(run: Run, inputs: Inputs, gate: str, again: bool = False) -> list[torch.Tensor]:
    """Return results and derivatives, or also those of a penalty on derivatives."""
    inputs = require_gradients(inputs)
    outputs, *states = run(inputs, gate)
    loss = (outputs * torch.arange(1.0, STEPS + 1)[:, None]).sum()
    loss = loss + sum(state.square().sum() for state in states)
    found = list(torch.autograd.grad(loss, inputs.list_derived(), create_graph=again))
    if again:
        penalty = sum(gradient.square().sum() for gradient in found)
        found += torch.autograd.grad(penalty, inputs.list_derived())
    return [outputs, *states, *found]


@cases
@GATES
@pytest.mark.parametrize("masked", [False, True], ids=["all steps", "masked"])
@pytest.mark.parametrize("projected", [False, True], ids=["with kernel", "projected"])
def test_values_and_derivatives_are_those_of_the_plain_loop(
    case: Case, gate: str, masked: bool, projected: bool
) -> None:
    inputs = make_inputs(case, masked=masked, projected=projected)
    own, plain = (differentiate(run, inputs, gate) for run in (case.run, case.repeat))
    torch.testing.assert_close(own, plain, rtol=1e-10, atol=1e-10)
    with torch.no_grad():
        found = list(case.run(inputs, gate))
    torch.testing.assert_close(found, own[: len(found)], rtol=0, atol=0)


@cases
@GATES
def test_in_single_precision_they_differ_by_rounding(case: Case, gate: str) -> None:
    inputs = make_inputs(case, torch.float32)
    own = differentiate(case.run, inputs, gate)
    exact = differentiate(case.repeat, make_inputs(case), gate)
    for value, expected in zip(own, exact, strict=True):
        value, expected = value.detach(), expected.detach()
        torch.testing.assert_close(
            value.double(), expected, rtol=2e-5, atol=2e-6 * expected.abs().max().item()
        )


@cases
@GATES
def test_derivatives_can_be_differentiated(case: Case, gate: str) -> None:
    for dtype in (torch.float64, torch.float32):
        inputs = make_inputs(case, dtype)
        own, plain = (differentiate(run, inputs, gate, again=True) for run in (case.run, case.repeat))
        limits: dict[str, Any] = {"rtol": 1e-3, "atol": 1e-2} if dtype is torch.float32 else {}
        torch.testing.assert_close(own, plain, **limits)


@cases
@GATES
def test_first_states_of_zeros_need_not_be_given(case: Case, gate: str) -> None:
    for dtype in (torch.float64, torch.float32):
        inputs = make_inputs(case, dtype)
        zeros = torch.zeros_like(inputs.output)
        given = inputs._replace(output=zeros, carry=zeros if case.has_carry else None)
        left_out = inputs._replace(output=None, carry=None)
        count = len(left_out.list_derived()) + 2 + case.has_carry
        own, plain = (differentiate(case.run, values, gate) for values in (left_out, given))
        torch.testing.assert_close(own, plain[:count], rtol=0, atol=0)
        torch.testing.assert_close(own, differentiate(case.repeat, left_out, gate), rtol=1e-3, atol=1e-4)


@cases
@pytest.mark.parametrize("shares", [(1, 1), (1, 0), (0, 1), (0, 0), "by gate"], ids=str)
@pytest.mark.parametrize("masked", [False, True], ids=["all steps", "masked"])
def test_parts_of_input_and_state_can_be_dropped(case: Case, shares: Any, masked: bool) -> None:
    inputs = make_inputs(case, masked=masked)
    draw = torch.Generator().manual_seed(0)
    by_gate = shares == "by gate" or (case.name.startswith("gru") and shares[1])
    count = case.gates if by_gate else 1

    def make_masks(size: int, is_drawn: bool) -> list[torch.Tensor]:
        full = torch.rand(count, BATCH, size, generator=draw, dtype=torch.float64).gt(0.4) / 0.6
        return list(full) if is_drawn else [full.new_empty(0)] * count

    drawn = (True, True) if shares == "by gate" else shares
    dropped = inputs._replace(input_drops=make_masks(SIZE, drawn[0]), drops=make_masks(UNITS, drawn[1]))
    own = differentiate(case.run, dropped, "hard_sigmoid")
    plain = differentiate(
        lambda values, gate: case.repeat(drop_inputs(values), gate), dropped, "hard_sigmoid"
    )
    torch.testing.assert_close(own, plain, rtol=1e-10, atol=1e-10)
    whole = differentiate(case.run, inputs, "hard_sigmoid")
    assert torch.equal(own[0], whole[0]) == (not any(drawn))


@cases
@GATES
def test_masked_steps_read_nothing(case: Case, gate: str) -> None:
    inputs = make_inputs(case, masked=True)
    spoilt = inputs.sequences.masked_fill(inputs.mask.logical_not().unsqueeze(2), torch.nan)
    torch.testing.assert_close(
        case.run(inputs._replace(sequences=spoilt), gate), case.run(inputs, gate), rtol=0, atol=0
    )


@cases
@GATES
def test_memory_does_not_wait_for_the_garbage_collector(case: Case, gate: str) -> None:
    for dtype in (torch.float64, torch.float32):
        results = case.run(require_gradients(make_inputs(case, dtype)), gate)
        known = [weakref.ref(result) for result in results]
        gc.disable()
        try:
            del results
            assert [reference() for reference in known] == [None] * len(known)
        finally:
            gc.enable()


def test_the_last_output_alone_is_differentiated() -> None:
    for dtype in (torch.float64, torch.float32):
        inputs = make_inputs(CASES[0], dtype)._replace(bias=None)
        found = []
        for run in (lstm, repeat_lstm):
            leaves = require_gradients(inputs)
            found.append(torch.autograd.grad(run(leaves, "sigmoid")[1].sum(), leaves.list_derived()))
        torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


@cases
@GATES
def test_a_tracer_sees_one_operation_and_one_for_its_derivative(case: Case, gate: str) -> None:
    for dtype, masked in ((torch.float64, True), (torch.float32, False)):
        inputs = make_inputs(case, dtype, masked)

        def step(*values: torch.Tensor, like: Inputs = inputs) -> list[torch.Tensor]:
            given = iter(values)
            return differentiate(
                case.run, Inputs(*(None if value is None else next(given) for value in like)), gate
            )

        given = [value for value in inputs if value is not None]
        traced = make_fx(step)(*given)
        names = [str(node.target) for node in traced.graph.nodes if "kerasd" in str(node.target)]
        assert len(names) == 2, names
        with torch.no_grad():
            torch.testing.assert_close(traced(*given), step_with_gradients(step, given), rtol=0, atol=0)


def step_with_gradients(
    step: Callable[..., list[torch.Tensor]], given: list[torch.Tensor]
) -> list[torch.Tensor]:
    with torch.enable_grad():
        return [value.detach() for value in step(*given)]


@cases
@GATES
def test_tensors_without_data_have_the_right_shapes(case: Case, gate: str) -> None:
    run, derive = (getattr(torch.ops.kerasd, name) for name in (case.name, f"{case.name}_backward"))
    for inputs in (make_inputs(case), make_inputs(case, projected=True, masked=True)):
        values, empty = list(inputs), [None if value is None else value.to("meta") for value in inputs]
        kept, shapes = run(values, gate, True), run(empty, gate, True)
        assert [value.shape for value in kept] == [value.shape for value in shapes]
        given = [kept[0][-STEPS:].transpose(0, 1), *(None for _ in inputs[6:] if _ is not None)]
        for wanted in (True, False):
            found = derive(values, kept, given, gate, wanted)
            shapes = derive(empty, kept, given, gate, wanted)
            assert [value.shape for value in found] == [value.shape for value in shapes]


@cases
def test_sizes_unknown_before_data_arrives_stay_unknown(case: Case) -> None:
    with K.isolated_state():
        inputs = make_inputs(case, torch.float32)
        symbolic = Inputs(
            K.placeholder((None, None, SIZE)),
            *(None if value is None else K.placeholder((None, *value.shape[1:])) for value in inputs[1:3]),
            K.placeholder(tuple(inputs.recurrent_kernel.shape)),
            *(None if value is None else K.placeholder((None, *value.shape[1:])) for value in inputs[4:]),
        )
        results = case.run(symbolic, "hard_sigmoid")
        assert [x.shape for x in results] == [(None, None, UNITS)] + [(None, UNITS)] * (len(results) - 1)
        read = [(x, value) for x, value in zip(symbolic, inputs, strict=True) if x is not None]
        found = K.function([x for x, _ in read], list(results))([value.numpy() for _, value in read])
        for own, expected in zip(found, case.repeat(inputs, "hard_sigmoid"), strict=True):
            np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs torch with oneDNN")
def test_the_fused_kernel_runs_what_it_can() -> None:
    case = CASES[0]
    inputs = make_inputs(case, torch.float32)
    assert has_kernel(inputs, "sigmoid")
    assert not has_kernel(inputs, "hard_sigmoid")
    assert not has_kernel(make_inputs(case), "sigmoid")
    assert not has_kernel(make_inputs(case, torch.float32, masked=True), "sigmoid")
    assert not has_kernel(make_inputs(case, torch.float32, projected=True), "sigmoid")
    assert not has_kernel(
        inputs._replace(sequences=inputs.sequences[:0], output=inputs.output[:0]), "sigmoid"
    )


@pytest.mark.parametrize("activation", ["tanh", "relu", "linear"])
@pytest.mark.parametrize("masked", [False, True], ids=["all steps", "masked"])
def test_the_simple_recurrence_knows_further_activations(activation: str, masked: bool) -> None:
    inputs = make_inputs(CASES[-1], masked=masked)
    own, plain = (differentiate(run, inputs, activation) for run in (simple_rnn, repeat_simple))
    torch.testing.assert_close(own, plain, rtol=1e-10, atol=1e-10)

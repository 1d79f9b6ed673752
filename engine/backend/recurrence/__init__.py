"""Recurrences over whole sequences, with their derivatives written out.

The traced loop of `K.rnn` records every small product of every step for the derivative. Here the factors of the
derivative are computed for all steps at once, and that of each kernel is one matrix product.
"""

from __future__ import annotations

from typing import Any

import torch

from engine.backend.dtypes import to_torch_dtype
from engine.backend.learning_phase import learning_phase, select_by_phase
from engine.backend.nn import dropout
from engine.backend.recurrence.conv_lstm import CONV_LSTM, list_conv_rows
from engine.backend.recurrence.differentiation import compute, run_or_record
from engine.backend.recurrence.fused import FUSED_LSTM, has_kernel
from engine.backend.recurrence.gates import GATES
from engine.backend.recurrence.gru import GRU
from engine.backend.recurrence.gru_reset_after import GRU_RESET_AFTER
from engine.backend.recurrence.inputs import Inputs, drop, drop_inputs, keep_all
from engine.backend.recurrence.lstm import LSTM
from engine.backend.recurrence.simple import SIMPLE
from engine.backend.symbolic import SymbolicTensor, operation, record

# Names of the activations that recurrences know.
ACTIVATIONS = frozenset(GATES)


apply_mask = operation(drop)
apply_mask.__doc__ = drop.__doc__


def draw_mask(values: Any, size: Any, rate: float, training: Any = None) -> Any:
    """Return a dropout mask (batch, size) for `apply_mask`; outside training one that drops nothing.

    Args:
        values: a tensor with the batch along its first axis.
        size: how much of each sample it masks.
        rate: share that is dropped.
        training: 0 or 1; the learning phase by default.
    """
    training = learning_phase() if training is None else training
    if not isinstance(training, SymbolicTensor) and not training:
        return _keep_all(values)
    drawn = dropout(_one_state(values, size), rate)
    if not isinstance(training, SymbolicTensor):
        return drawn
    mask = record(select_by_phase, (drawn, _keep_all(values), training), results=drawn.examples)
    mask._uses_learning_phase = True
    return mask


_keep_all = operation(keep_all)


@operation
def _one_state(values: Any, size: Any) -> Any:
    return values.new_ones(values.shape[0], size, dtype=to_torch_dtype(None))


@operation
def zero_state(sequences: Any, size: int) -> Any:
    """Return a state of zeros, (batch, size), for sequences (batch, steps, ...)."""
    return sequences.new_zeros(sequences.shape[0], size)


def _compute_lstm(gate: str, *values: Any) -> Any:
    inputs = drop_inputs(Inputs(*values)).in_one_type()
    return compute(FUSED_LSTM if has_kernel(inputs, gate) else LSTM, gate, inputs)


def lstm(inputs: Inputs, gate: str) -> tuple[Any, Any, Any]:
    """Run long short-term memory with tanh over sequences.

    Args:
        inputs: what it reads; gates lie in the order i, f, c, o, and there is no recurrent bias.
        gate: the gates' activation, `sigmoid` or `hard_sigmoid`.

    Returns:
        All outputs (batch, steps, units), the last output and the last carry.

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory (1997).
    """
    return run_or_record(_compute_lstm, inputs, True, gate)


@operation
def scale_kernel(kernel: Any, recurrent_kernel: Any, gate: str) -> Any:
    """Fold slopes of the gates' activations into an input's kernel (..., 4 * units) for `conv_lstm`."""
    slopes, _ = list_conv_rows(recurrent_kernel, gate)
    return kernel * slopes


@operation
def scale_bias(bias: Any, recurrent_kernel: Any, gate: str) -> Any:
    """Fold slopes and offsets of the gates' activations into a bias (4 * units,), or None, for `conv_lstm`."""
    slopes, offsets = list_conv_rows(recurrent_kernel, gate)
    return offsets if bias is None else torch.addcmul(offsets, bias, slopes)


def _compute_conv_lstm(gate: str, *values: Any) -> Any:
    return compute(CONV_LSTM, gate, Inputs(*values).in_one_type())


def conv_lstm(inputs: Inputs, gate: str) -> tuple[Any, Any, Any]:
    """Run convolutional long short-term memory with tanh over films.

    Args:
        inputs: sequences (steps, batch, ..., 4 * units), projected by what `scale_kernel` and
            `scale_bias` give; a recurrent kernel (..., units, 4 * units) of odd sizes; and the states
            (batch, ..., units).
        gate: the gates' activation, `sigmoid` or `hard_sigmoid`.

    Returns:
        All outputs (batch, steps, ..., units), the last output and the last carry.

    Source: Shi et al., Convolutional LSTM Network (2015).
    """
    return run_or_record(_compute_conv_lstm, inputs, True, gate)


def _compute_gru(gate: str, reset_after: bool, *values: Any) -> Any:
    inputs = drop_inputs(Inputs(*values)).in_one_type()
    return compute(GRU_RESET_AFTER if reset_after else GRU, gate, inputs)


def gru(inputs: Inputs, gate: str, reset_after: bool = False) -> tuple[Any, Any]:
    """Run gated recurrent units with tanh over sequences.

    Args:
        inputs: what they read; gates lie in the order z, r, h.
        gate: the gates' activation, `sigmoid` or `hard_sigmoid`.
        reset_after: whether the reset gate is applied after the recurrent product, to which then the recurrent bias
            belongs.

    Returns:
        All outputs (batch, steps, units) and the last one.

    Source: Cho et al., On the Properties of Neural Machine Translation (2014).
    """
    return run_or_record(_compute_gru, inputs, False, gate, reset_after)


def _compute_simple(activation: str, *values: Any) -> Any:
    return compute(SIMPLE, activation, drop_inputs(Inputs(*values)).in_one_type())


def simple_rnn(inputs: Inputs, activation: str) -> tuple[Any, Any]:
    """Run `output = activation(input's part + dot(output, recurrent_kernel))` over sequences.

    Args:
        inputs: what it reads.
        activation: one of `ACTIVATIONS`.

    Returns:
        All outputs (batch, steps, units) and the last one.
    """
    return run_or_record(_compute_simple, inputs, False, activation)


# What is recorded of sequences that are read step by step, or of which the sizes alone are read.
READING_BY_STEPS = (
    _compute_lstm,
    _compute_gru,
    _compute_simple,
    *(function.compute for function in (_keep_all, _one_state, zero_state)),  # type: ignore[union-attr]
)

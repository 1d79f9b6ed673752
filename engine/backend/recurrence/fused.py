"""Long short-term memory by oneDNN's kernel, which runs all steps of float32 sequences on the CPU at once."""

from __future__ import annotations

import torch

from engine.backend.opaque import opaque
from engine.backend.recurrence.differentiation import Recurrence, Tensors, Values, shape_derivatives
from engine.backend.recurrence.inputs import Inputs, drop_states, start_derivative
from engine.backend.recurrence.lstm import repeat

_aten = torch.ops.aten

# torch's number for long short-term memory.
_MODE = 2


def has_kernel(inputs: Inputs, gate: str) -> bool:
    """Tell whether the kernel can run a recurrence: sigmoid gates, no mask, a plain projection of the input."""
    return (
        gate == "sigmoid"
        and inputs.mask is None
        and inputs.drops is None
        and inputs.kernel is not None
        and torch.backends.mkldnn.is_available()
        and torch._C._get_mkldnn_enabled()
        and inputs.sequences.numel() > 0
        and all(
            value.device.type == "cpu" and value.dtype is torch.float32
            for value in inputs
            if value is not None
        )
    )


def _list_weights(inputs: Inputs) -> Tensors:
    """Return the kernels as the kernel wants them, and two biases."""
    nothing = inputs.recurrent_kernel.new_zeros(inputs.recurrent_kernel.shape[1])
    bias = nothing if inputs.bias is None else inputs.bias
    return [inputs.kernel.t().contiguous(), inputs.recurrent_kernel.t().contiguous(), bias, nothing]


def _pack_weights(inputs: Inputs) -> Tensors:
    """Return what `_list_weights` gives, with the kernels in oneDNN's own layout."""
    kernel, recurrent_kernel, *biases = _list_weights(inputs)
    steps, batch, units = inputs.sizes
    sizes = [steps, batch, kernel.shape[1]]
    packed = torch.ops.mkldnn._reorder_mkldnn_rnn_layer_weight(
        kernel, recurrent_kernel, units, False, True, False, sizes
    )
    return [*packed, *biases]


def _recall_weights(inputs: Inputs) -> Tensors:
    """Return what `_pack_weights` gives, made anew only after one of the weights was written to."""
    weights = (inputs.kernel, inputs.bias, inputs.recurrent_kernel)
    versions = [weight._version for weight in weights if weight is not None]
    known = getattr(inputs.recurrent_kernel, "_known_weights", None)
    if known is None or known[0] is not inputs.kernel or known[1] is not inputs.bias or known[2] != versions:
        known = (inputs.kernel, inputs.bias, versions, _pack_weights(inputs))
        inputs.recurrent_kernel._known_weights = known
    return known[3]


def _shape_run(values: Values, gate: str, keeps: bool) -> Tensors:
    inputs = Inputs(*values).fill_states()
    steps, _, _ = inputs.sizes
    outputs = inputs.output.new_empty(steps, *inputs.output.shape)
    rows = torch.empty_like(inputs.sequences.transpose(0, 1))
    # How much the kernel keeps it tells at run time.
    kept = [inputs.output, outputs.new_empty(0), rows, *_list_weights(inputs), inputs.output, inputs.carry]
    return [outputs, inputs.carry, *kept] if keeps else [outputs, inputs.carry]


@opaque("fused_lstm", "(Tensor?[] inputs, str gate, bool keeps) -> Tensor[]", _shape_run)
def run(values: Values, gate: str, keeps: bool) -> Tensors:
    """Run the steps; see `Recurrence`."""
    inputs = Inputs(*values).fill_states()
    # With other strides the kernel reads the wrong values.
    rows = inputs.sequences.transpose(0, 1).contiguous()
    weights = _list_weights(inputs) if keeps else _recall_weights(inputs)
    read = [rows, *weights, inputs.output.contiguous(), inputs.carry.contiguous()]
    if keeps:
        read = [value.detach() for value in read]
    units = inputs.recurrent_kernel.shape[0]
    # What it keeps for the derivative it gives only where gradients are on.
    with torch.set_grad_enabled(keeps):
        outputs, output, carry, workspace = _aten.mkldnn_rnn_layer(
            *read, False, [], _MODE, units, 1, True, False, False, keeps
        )
    return [outputs, carry, output, workspace, *read] if keeps else [outputs, carry]


@opaque(
    "fused_lstm_backward",
    "(Tensor?[] inputs, Tensor[] kept, Tensor?[] grads, str gate, bool wants_sequences) -> Tensor[]",
    shape_derivatives,
)
def derive(values: Values, kept: Tensors, grads: Values, gate: str, wants_sequences: bool) -> Tensors:
    """Return the derivatives; see `Recurrence`."""
    inputs = Inputs(*values)
    outputs, carry, output, workspace, *read = kept
    by_outputs, by_output, by_carry = grads
    if by_outputs is not None:
        by_outputs = by_outputs.transpose(0, 1).contiguous()
    by_rows, by_kernel, by_recurrent_kernel, by_bias, _, *by_states = _aten.mkldnn_rnn_layer_backward(
        *read,
        outputs,
        output,
        carry,
        by_outputs,
        start_derivative(by_output, output),
        start_derivative(by_carry, carry),
        *(False, _MODE, inputs.recurrent_kernel.shape[0], 1, True, True, False, [], False),
        workspace,
    )
    results = [by_rows.transpose(0, 1)] if wants_sequences else []
    results.append(by_kernel.t())
    if inputs.bias is not None:
        results.append(by_bias)
    return [*results, by_recurrent_kernel.t(), *drop_states(inputs, *by_states)]


FUSED_LSTM = Recurrence(run, derive, repeat, has_carry=True)

"""What is computed in float32 though products before it gave bfloat16."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from engine.backend import crossentropy, ctc, math, nn, normalization, reductions
from engine.backend.config import mixed_precision
from engine.backend.passes.convolutions import list_recorded
from engine.backend.rewriting import find_calls, read_arguments

# Small differences and long sums: 8 digits tell no probability from 1 above 0.998.
_WIDE = (
    *list_recorded(nn, "softmax", "log_softmax", "sigmoid", "softplus", "l2_normalize"),
    *list_recorded(math, "exp", "log", "pow"),
    *list_recorded(reductions, "sum", "prod", "cumsum", "cumprod", "mean", "var", "std", "logsumexp"),
    *list_recorded(
        crossentropy, "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"
    ),
    *list_recorded(ctc, "ctc_batch_cost"),
)
# Without weights the kernel gives mean and variance in the type of what it normalises.
_BY_BATCH = list_recorded(normalization, "normalize_batch_in_training")


def widen(graph: fx.Graph) -> None:
    """Let activations, losses and sums that want more digits than bfloat16 has compute in float32."""
    if mixed_precision() != "bfloat16":
        return
    for call in find_calls(graph, *_WIDE):
        _widen_arguments(call)
    for call in find_calls(graph, *_BY_BATCH):
        arguments = read_arguments(call)
        if arguments["gamma"] is None and arguments["beta"] is None:
            _widen_arguments(call)


def _widen_arguments(call: fx.Node) -> None:
    def read_widely(node: fx.Node) -> fx.Node:
        with call.graph.inserting_before(call):
            return call.graph.call_function(to_float32, (node,))

    call.args = fx.node.map_arg(call.args, read_widely)
    call.kwargs = fx.node.map_arg(call.kwargs, read_widely)


def to_float32(x: Any) -> Any:
    """Return a tensor of bfloat16 as one of float32, and all else as it is."""
    return x.float() if isinstance(x, torch.Tensor) and x.dtype is torch.bfloat16 else x

"""Normalisation by moving averages within convolutions, and relu in the memory of what it is taken of."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import fx

from engine.backend import convolution, normalization
from engine.backend.config import normalize_data_format
from engine.backend.gradients import differentiate
from engine.backend.passes.convolutions import RELU, feeds_only, is_relu, list_recorded, put_in_place
from engine.backend.rewriting import find_calls, read_arguments, read_captured, replace_call

_BY_AVERAGES = list_recorded(normalization, "batch_normalization")
_BY_BATCH = list_recorded(normalization, "normalize_batch_in_training")
_DEPTHWISE = list_recorded(convolution, "depthwise_conv1d", "depthwise_conv2d")
_FOLDING = (
    *_DEPTHWISE,
    *list_recorded(convolution, "conv1d", "conv2d", "conv3d", "separable_conv1d", "separable_conv2d"),
)
# What their results share memory with nobody, and no derivative reads.
_FRESH = (*_BY_AVERAGES, operator.add)


def fold_normalizations(graph: fx.Graph) -> None:
    """Let convolutions give the normalised result, by kernels and biases that are scaled and shifted.

    It applies where nothing is differentiated, and all of the weights are variables or constants.
    """
    if next(find_calls(graph, differentiate), None) is not None:
        return
    for call in find_calls(graph, *_BY_AVERAGES):
        arguments = read_arguments(call)
        if not feeds_only(arguments["x"], _FOLDING):
            continue
        settings = read_arguments(arguments["x"])
        name = next(key for key in ("pointwise_kernel", "depthwise_kernel", "kernel") if key in settings)
        is_depthwise = arguments["x"].target in _DEPTHWISE
        others = (settings["bias"], *(arguments[key] for key in ("mean", "var", "beta", "gamma")))
        is_last = normalize_data_format(settings["data_format"]) == "channels_last"
        if is_last and _is_foldable(settings[name], others, is_depthwise):
            fold = _make_folding(arguments["epsilon"], is_depthwise)
            with graph.inserting_before(arguments["x"]):
                folded = graph.call_function(fold, (settings[name], *others))
                kernel, bias = (graph.call_function(operator.getitem, (folded, place)) for place in (0, 1))
            put_in_place(call, arguments["x"], **{name: kernel, "bias": bias})


def _is_foldable(kernel: Any, others: Sequence[Any], is_depthwise: bool) -> bool:
    """Tell whether the weights are known before the graph runs, the others with one number a filter or None."""
    known = read_captured(kernel)
    if not isinstance(known, torch.Tensor):
        return False
    filters = known.shape[-2] * known.shape[-1] if is_depthwise else known.shape[-1]
    return all(
        other is None or getattr(read_captured(other), "shape", None) == (filters,) for other in others
    )


def _make_folding(epsilon: float, is_depthwise: bool) -> Callable[..., Any]:
    """Return a function of kernel, bias, mean, variance, beta and gamma that gives the folded kernel and bias.

    It computes them anew only after one of them was written to.
    """
    known: tuple[Any, Any] = (None, None)

    def fold(*weights: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        nonlocal known
        versions = [weight._version for weight in weights if weight is not None]
        if known[0] != versions:
            known = versions, _fold(weights, epsilon, is_depthwise)
        return known[1]

    return fold


def _fold(weights: Any, epsilon: float, is_depthwise: bool) -> tuple[torch.Tensor, torch.Tensor]:
    kernel, bias, mean, variance, beta, gamma = weights
    scale = torch.rsqrt(variance + epsilon)
    scale = scale if gamma is None else scale * gamma
    shift = (-mean if bias is None else bias - mean) * scale
    shift = shift if beta is None else shift + beta
    return kernel * (scale.view(kernel.shape[-2:]) if is_depthwise else scale), shift


def rectify_in_place(graph: fx.Graph) -> None:
    """Take relu in the memory of a sum or of what was normalised, where nobody else reads that."""
    for rectified in find_calls(graph, *RELU):
        if not is_relu(rectified):
            continue
        source = read_arguments(rectified)["x"]
        if feeds_only(source, _FRESH):
            replace_call(rectified, torch.relu_, source)
        elif feeds_only(source, (operator.getitem,)) and source.args[1] == 0:
            call = source.args[0]
            if isinstance(call, fx.Node) and call.target in _BY_BATCH:
                call.args, call.kwargs = tuple((read_arguments(call) | {"rectify": True}).values()), {}
                rectified.replace_all_uses_with(source)
                graph.erase_node(rectified)

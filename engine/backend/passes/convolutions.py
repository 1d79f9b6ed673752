"""Bias and relu in the kernels of convolutions and products, and relu behind maxima, where it has less to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from engine.backend import convolution, linear, nn, pooling, reductions
from engine.backend.config import normalize_data_format
from engine.backend.rewriting import find_calls, read_arguments, read_captured, replace_call

Function = Callable[..., Any]


def list_recorded(module: Any, *names: str) -> tuple[Function, ...]:
    """Return the functions of a module as they are recorded."""
    return tuple(getattr(module, name).compute for name in names)


_CONVOLUTIONS = list_recorded(
    convolution, "conv1d", "conv2d", "conv3d", "depthwise_conv2d", "separable_conv2d"
)
_RECTIFYING = (*_CONVOLUTIONS, *list_recorded(linear, "linear"))
_BIASED = (
    *_CONVOLUTIONS,
    *list_recorded(convolution, "conv1d_transpose", "conv2d_transpose", "conv3d_transpose"),
    *list_recorded(convolution, "depthwise_conv1d", "separable_conv1d"),
)
_POOLS = list_recorded(pooling, "pool1d", "pool2d", "pool3d")
_MAXIMUM = list_recorded(reductions, "max")
_BIAS_ADD = list_recorded(nn, "bias_add")
RELU = list_recorded(nn, "relu")


def feeds_only(node: Any, functions: tuple[Function, ...]) -> bool:
    """Tell whether a value comes from a call of one of the functions, and is read once."""
    return isinstance(node, fx.Node) and node.target in functions and len(node.users) == 1


def put_in_place(node: fx.Node, call: fx.Node, **settings: Any) -> None:
    """Put a call with other settings in the place of a node that alone reads it."""
    replace_call(node, call.target, *(read_arguments(call) | settings).values())  # type: ignore[arg-type]
    node.graph.erase_node(call)


def add_biases_in_kernels(graph: fx.Graph) -> None:
    """Let convolutions add the bias that is added to their result."""
    for addition in find_calls(graph, *_BIAS_ADD):
        arguments = read_arguments(addition)
        call, bias = arguments["x"], arguments["bias"]
        if not feeds_only(call, _BIASED) or getattr(read_captured(bias), "ndim", None) != 1:
            continue
        settings = read_arguments(call)
        formats = {normalize_data_format(each["data_format"]) for each in (settings, arguments)}
        if settings["bias"] is None and len(formats) == 1:
            put_in_place(addition, call, bias=bias)


def is_relu(node: fx.Node) -> bool:
    """Tell whether a node is relu without a slope and a bound."""
    arguments = read_arguments(node)
    return arguments["max_value"] is None and arguments["alpha"] in (0, 0.0)


def rectify_maxima(graph: fx.Graph) -> None:
    """Take relu of maxima, not maxima of relu: values and derivatives are the same, of fewer elements."""
    for call in find_calls(graph, *_POOLS, *_MAXIMUM):
        arguments = read_arguments(call)
        rectified = arguments["x"]
        is_maximum = arguments.get("pool_mode", "max") == "max"
        if is_maximum and feeds_only(rectified, RELU) and is_relu(rectified):
            source = read_arguments(rectified)["x"]
            with graph.inserting_before(call):
                maxima = graph.node_copy(call)
            maxima.args, maxima.kwargs = tuple((arguments | {"x": source}).values()), {}
            replace_call(call, torch.relu, maxima)
            graph.erase_node(rectified)


def rectify_in_kernels(graph: fx.Graph) -> None:
    """Let convolutions and products give relu of their result."""
    for rectified in find_calls(graph, *RELU):
        call = read_arguments(rectified)["x"]
        if is_relu(rectified) and feeds_only(call, _RECTIFYING):
            put_in_place(rectified, call, rectify=True)

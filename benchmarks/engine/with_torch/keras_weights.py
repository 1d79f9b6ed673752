"""Weights of plain networks in Keras's order and shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from torch import nn

from benchmarks.engine.with_torch.sequences import ConvLSTM, HardLSTM, MaskedGRU


def _arrays(*tensors: Any) -> list[np.ndarray]:
    return [tensor.detach().numpy().copy() for tensor in tensors if tensor is not None]


def _convolution(module: Any) -> list[np.ndarray]:
    kernel = module.weight
    channels = (0, 1) if module.groups > 1 else (1, 0)
    return _arrays(kernel.permute(*range(2, kernel.ndim), *channels), module.bias)


def _lstm(module: Any) -> list[np.ndarray]:
    weights = module._flat_weights
    found: list[np.ndarray] = []
    for inward, recurrent, bias in zip(weights[::4], weights[1::4], weights[2::4], strict=True):
        found += _arrays(inward.t(), recurrent.t(), bias)
    return found


def _loop(module: Any) -> list[np.ndarray]:
    return _arrays(module.inward.weight.t(), module.recurrent, module.inward.bias)


BY_TYPE: dict[type[nn.Module], Callable[[Any], list[np.ndarray]]] = {
    nn.Linear: lambda module: _arrays(module.weight.t(), module.bias),
    nn.Embedding: lambda module: _arrays(module.weight),
    nn.BatchNorm2d: lambda module: _arrays(
        module.weight, module.bias, module.running_mean, module.running_var
    ),
    nn.Conv1d: _convolution,
    nn.Conv2d: _convolution,
    nn.LSTM: _lstm,
    HardLSTM: _loop,
    MaskedGRU: _loop,
    ConvLSTM: lambda module: [
        *_convolution(module.inward)[:1],
        *_convolution(module.recurrent),
        *_arrays(module.inward.bias),
    ],
}


def list_weights(module: nn.Module) -> Iterator[list[np.ndarray]]:
    """Yield the arrays of each layer that has some, in the order in which the network declares them."""
    if type(module) in BY_TYPE:
        yield BY_TYPE[type(module)](module)
        return
    for child in module.children():
        yield from list_weights(child)

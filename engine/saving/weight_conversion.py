"""Weights as other versions, backends and sister layers lay them out, made to fit a layer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.layers import Bidirectional, TimeDistributed

Arrays = list[np.ndarray]

# The order of Keras 1's gates (input, candidate, forget, output), told by Keras 2's (input, forget, candidate, output).
_LSTM_GATES = (0, 2, 1, 3)
_GRU_GATES = (0, 1, 2)
_GATES = {"GRU": _GRU_GATES, "LSTM": _LSTM_GATES, "ConvLSTM2D": _LSTM_GATES}
_CUDNN = {"GRU": 3, "CuDNNGRU": 3, "LSTM": 4, "CuDNNLSTM": 4}
# Theano's convolutions turn their kernels around, so kernels learned there are stored turned around.
_CONVOLUTIONS = {"Conv1D": 1, "Conv2D": 1, "Conv3D": 1, "Conv2DTranspose": 1, "ConvLSTM2D": 2}


@dataclass(frozen=True)
class Origin:
    """What wrote a weights file.

    Args:
        keras_version: the version of Keras; Keras 1 did not write it beside weights.
        backend: its backend, where the file tells it.
    """

    keras_version: str = "1"
    backend: str | None = None

    @property
    def is_keras_1(self) -> bool:
        """Whether weights are laid out as in Keras 1."""
        return self.keras_version.split(".")[0] == "1"


def convert_weights(layer: Any, arrays: Sequence[np.ndarray], origin: Origin) -> Arrays:
    """Return saved weights as a layer takes them.

    Args:
        layer: a layer, a wrapper of layers or a nested model.
        arrays: its weights as the file has them.
        origin: what wrote the file.

    Raises:
        ValueError: they are of a layer whose computation differs.
    """
    if isinstance(layer, Bidirectional):
        half = len(arrays) // 2
        forward = convert_weights(layer.forward_layer, arrays[:half], origin)
        return [*forward, *convert_weights(layer.backward_layer, arrays[half:], origin)]
    if isinstance(layer, TimeDistributed):
        return convert_weights(layer.layer, arrays, origin)
    if hasattr(layer, "layers"):
        return _convert_nested(layer, list(arrays), origin)
    kind = type(layer).__name__
    converted = list(arrays)
    if origin.is_keras_1 and kind in _FROM_KERAS_1 and converted:
        converted = _FROM_KERAS_1[kind](layer, converted)
    if origin.backend == "theano" and kind in _CONVOLUTIONS:
        count = _CONVOLUTIONS[kind]
        converted = [*(convert_kernel(kernel) for kernel in converted[:count]), *converted[count:]]
    if kind in _CUDNN and len(converted) == 3:
        converted = _convert_recurrent(layer, converted, _CUDNN[kind])
    return converted


def _convert_nested(model: Any, arrays: Arrays, origin: Origin) -> Arrays:
    """Convert a nested model's weights, which stand in the order of its variables, layer by layer."""
    owners = {id(weight): leaf for leaf in _leaves(model) for weight in leaf.weights}
    converted: Arrays = []
    for leaf, weights in itertools.groupby(model.weights, lambda weight: owners[id(weight)]):
        count = _count_saved(leaf, len(list(weights)), arrays, origin)
        converted.extend(convert_weights(leaf, arrays[:count], origin))
        arrays = arrays[count:]
    # What is left over belongs to nothing; the caller compares the numbers.
    return converted + arrays


def _leaves(layer: Any) -> list[Any]:
    """Return the layers of a model and of the models in it."""
    if not hasattr(layer, "layers"):
        return [layer]
    return [leaf for inner in layer.layers for leaf in _leaves(inner)]


def _count_saved(layer: Any, count: int, arrays: Arrays, origin: Origin) -> int:
    """Return how many of `arrays` hold a layer's next `count` weights: Keras 1 kept those of each gate apart."""
    inner = layer
    while type(inner).__name__ not in _GATES and hasattr(inner, "layer"):
        inner = inner.layer
    gates = len(_GATES.get(type(inner).__name__, ()))
    if not origin.is_keras_1 or not gates or not arrays:
        return count
    is_apart = arrays[0].shape[-1] * gates == layer.weights[0].shape[-1]
    return count * gates if is_apart else count


# From Keras 1.


def _from_conv_1d(layer: Any, arrays: Arrays) -> Arrays:
    kernel, *rest = arrays
    if kernel.ndim != 4:
        return arrays
    if kernel.shape[:2] != (layer.kernel_size[0], 1) or kernel.shape[3] != layer.filters:
        # Before 1.2: (filters, channels, length, 1).
        kernel = kernel.transpose(2, 3, 1, 0)
    return [kernel[:, 0], *rest]


def _move_filters(*axes: int) -> Callable[[Any, Arrays], Arrays]:
    """Return a conversion of kernels (filters, channels, ...) of layers in channels_first."""

    def convert(layer: Any, arrays: Arrays) -> Arrays:
        kernel, *rest = arrays
        return [kernel.transpose(axes), *rest] if layer.data_format == "channels_first" else arrays

    return convert


def _from_conv_2d_transpose(layer: Any, arrays: Arrays) -> Arrays:
    kernel, *rest = arrays
    axes = (2, 3, 0, 1) if layer.data_format == "channels_first" else (0, 1, 3, 2)
    return [kernel.transpose(axes), *rest]


def _join_gates(arrays: Arrays, order: Sequence[int]) -> Arrays:
    """Lay each gate's kernel, recurrent kernel and bias beside those of the others."""
    if len(arrays) != 3 * len(order):
        return arrays
    return [np.concatenate([arrays[3 * gate + number] for gate in order], axis=-1) for number in range(3)]


def _from_conv_lstm(layer: Any, arrays: Arrays) -> Arrays:
    if len(arrays) == 3 * len(_LSTM_GATES) and layer.data_format == "channels_first":
        arrays = [array.transpose(2, 3, 1, 0) if array.ndim == 4 else array for array in arrays]
    return _join_gates(arrays, _LSTM_GATES)


_FROM_KERAS_1: dict[str, Callable[[Any, Arrays], Arrays]] = {
    "Conv1D": _from_conv_1d,
    "Conv2D": _move_filters(2, 3, 1, 0),
    "Conv3D": _move_filters(2, 3, 4, 1, 0),
    "Conv2DTranspose": _from_conv_2d_transpose,
    "ConvLSTM2D": _from_conv_lstm,
    "GRU": lambda layer, arrays: _join_gates(arrays, _GRU_GATES),
    "LSTM": lambda layer, arrays: _join_gates(arrays, _LSTM_GATES),
}


def convert_kernel(kernel: Any) -> np.ndarray:
    """Return a kernel turned round in space: from Theano's convolution to correlation, or back.

    Args:
        kernel: the kernel of a convolution over one, two or three axes.

    Shapes: (*space, in, out) -> the same.

    Raises:
        ValueError: it has another number of axes.
    """
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise ValueError(f"A convolution kernel has 3 to 5 axes. Found shape: {kernel.shape}")
    return np.ascontiguousarray(np.flip(kernel, tuple(range(kernel.ndim - 2))))


# Between the recurrent layers and those of cuDNN.


def _convert_recurrent(layer: Any, arrays: Arrays, gates: int) -> Arrays:
    kernel, recurrent_kernel, bias = arrays
    size = recurrent_kernel.shape[0] * gates
    plain = f"{type(layer).__name__.removeprefix('CuDNN')}"
    if plain == "GRU":
        names = {
            (2 * size,): "CuDNNGRU",
            (2, size): "GRU(reset_after=True)",
            (size,): "GRU(reset_after=False)",
        }
    else:
        names = {(2 * size,): "CuDNNLSTM", (size,): "LSTM"}
    if bias.shape not in names:
        raise ValueError(
            f"Layer {layer.name!r}: the saved bias of {recurrent_kernel.shape[0]} units has the shape {bias.shape}, "
            f"which is that of no {plain}. Known are {', '.join(f'{name}: {shape}' for shape, name in names.items())}."
        )
    source, target = names[bias.shape], _name_of(layer)
    if source == target:
        return arrays
    if "GRU(reset_after=False)" in (source, target):
        raise ValueError(
            f"Layer {layer.name!r}: {source} is not compatible with {target}. Make the GRU with `reset_after=True` "
            'and `recurrent_activation="sigmoid"`.'
        )
    from_cudnn = source.startswith("CuDNN")
    return [
        _per_gate(kernel, gates, _from_cudnn_kernel if from_cudnn else _to_cudnn_kernel),
        _per_gate(recurrent_kernel, gates, np.transpose),
        _convert_bias(bias, plain, from_cudnn),
    ]


def _name_of(layer: Any) -> str:
    kind = type(layer).__name__
    return f"GRU(reset_after={layer.reset_after})" if kind == "GRU" else kind


def _per_gate(kernel: np.ndarray, gates: int, convert: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.concatenate([convert(part) for part in np.split(kernel, gates, axis=-1)], axis=-1)


def _to_cudnn_kernel(kernel: np.ndarray) -> np.ndarray:
    """Return a gate's kernel (inputs, units) as cuDNN lays it out in memory, in the same shape."""
    return kernel.T.reshape(kernel.shape)


def _from_cudnn_kernel(kernel: np.ndarray) -> np.ndarray:
    inputs, units = kernel.shape
    return kernel.reshape(units, inputs).T


def _convert_bias(bias: np.ndarray, kind: str, from_cudnn: bool) -> np.ndarray:
    if kind == "GRU":
        return bias.reshape(2, -1) if from_cudnn else bias.reshape(-1)
    # cuDNN adds up the biases of input and state.
    return np.add(*np.split(bias, 2)) if from_cudnn else np.tile(0.5 * bias, 2)

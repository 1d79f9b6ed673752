"""Functions of tensors as layers. Not in Keras 2.1.6: models of later lines hold `x + y` and its like so."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from engine import activations
from engine import backend as K
from engine.layers.base import Layer, is_shape_list, to_list, unpack_singleton
from engine.layers.registry import register_layer


def _matmul(x: Any, y: Any, transpose_x: bool = False, transpose_y: bool = False) -> Any:
    return (x.transpose(-1, -2) if transpose_x else x) @ (y.transpose(-1, -2) if transpose_y else y)


def _transpose(x: Any, axes: Any = None) -> Any:
    return K.permute_dimensions(x, axes or tuple(reversed(range(K.ndim(x)))))


def _squeeze(x: Any, axis: Any) -> Any:
    for one in sorted((number % K.ndim(x) for number in to_list(axis)), reverse=True):
        x = K.squeeze(x, one)
    return x


def _split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    return list(x.tensor_split(indices_or_sections, axis))


def _reshape(x: Any, newshape: Any) -> Any:
    return K.reshape(x, newshape)


def _clip(x: Any, x_min: float, x_max: float) -> Any:
    return K.clip(x, x_min, x_max)


def _tile(x: Any, repeats: Any) -> Any:
    return K.tile(x, repeats)


def _repeat(x: Any, repeats: int, axis: int) -> Any:
    return K.repeat_elements(x, repeats, axis)


def _einsum(*operands: Any, subscripts: str) -> Any:
    return K.einsum(subscripts, *operands)


def _get_item(x: Any, key: Any) -> Any:
    return x[tuple(key) if isinstance(key, list) else key]


# By the names of Keras 3's functions.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "absolute": K.abs,
    "add": operator.add,
    "all": K.all,
    "any": K.any,
    "argmax": K.argmax,
    "argmin": K.argmin,
    "cast": K.cast,
    "clip": _clip,
    "concatenate": K.concatenate,
    "convert_to_tensor": K.identity,
    "cos": K.cos,
    "divide": operator.truediv,
    "einsum": _einsum,
    "elu": K.elu,
    "equal": K.equal,
    "exp": K.exp,
    "expand_dims": K.expand_dims,
    "floor_divide": operator.floordiv,
    "gelu": K.gelu,
    "get_item": _get_item,
    "greater": K.greater,
    "greater_equal": K.greater_equal,
    "hard_sigmoid": activations.hard_sigmoid_relu6,
    "leaky_relu": activations.leaky_relu,
    "less": K.less,
    "less_equal": K.less_equal,
    "log": K.log,
    "log_softmax": K.log_softmax,
    "logical_and": operator.and_,
    "logical_not": operator.invert,
    "logical_or": operator.or_,
    "matmul": _matmul,
    "max": K.max,
    "maximum": K.maximum,
    "mean": K.mean,
    "min": K.min,
    "minimum": K.minimum,
    "mod": operator.mod,
    "multiply": operator.mul,
    "negative": operator.neg,
    "not_equal": K.not_equal,
    "ones_like": K.ones_like,
    "power": operator.pow,
    "prod": K.prod,
    "relu": K.relu,
    "relu6": activations.relu6,
    "repeat": _repeat,
    "reshape": _reshape,
    "round": K.round,
    "selu": activations.selu,
    "sigmoid": K.sigmoid,
    "sign": K.sign,
    "silu": K.silu,
    "sin": K.sin,
    "softmax": K.softmax,
    "softplus": K.softplus,
    "softsign": K.softsign,
    "split": _split,
    "sqrt": K.sqrt,
    "square": K.square,
    "squeeze": _squeeze,
    "stack": K.stack,
    "std": K.std,
    "subtract": operator.sub,
    "sum": K.sum,
    "tanh": K.tanh,
    "tile": _tile,
    "transpose": _transpose,
    "true_divide": operator.truediv,
    "var": K.var,
    "where": K.switch,
    "zeros_like": K.zeros_like,
}


@register_layer()
class Operation(Layer):
    """Apply a function to its inputs.

    Args:
        function: its name, one of `FUNCTIONS`.
        args, kwargs: its arguments; `{"input": n}` stands for input number n, `{"slice": [start, stop, step]}` for a
            slice and `{"ellipsis": True}` for `...`, anywhere in them.

    Shapes:
        As the function's.

    Raises:
        ValueError: there is no such function.
    """

    # What is computed from masked steps is no step itself: masks end here.
    supports_masking = True

    def __init__(self, function: str, args: Any = ({"input": 0},), kwargs: Any = None, **layer: Any) -> None:
        super().__init__(**layer)
        if function not in FUNCTIONS:
            raise ValueError(
                f"The layer {self.name} names {function!r}, which is not one of {sorted(FUNCTIONS)}."
            )
        self.function = function
        self.args = list(args)
        self.kwargs = dict(kwargs or {})

    def call(self, inputs: Any) -> Any:
        """Return what the function makes of the inputs."""
        tensors = to_list(inputs)
        args, kwargs = _fill(self.args, tensors), _fill(self.kwargs, tensors)
        return FUNCTIONS[self.function](*args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape that the function gives placeholders."""
        shapes = input_shape if is_shape_list(input_shape) else [input_shape]
        outputs = self.call([K.placeholder(shape) for shape in shapes])
        return unpack_singleton([K.int_shape(output) for output in to_list(outputs)])

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Return None: masks end here."""
        return

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), "function": self.function, "args": self.args, "kwargs": self.kwargs}


@register_layer()
class WithMask(Layer):
    """Give a tensor a mask.

    Shapes:
        Two of `(batch, ...)`, the second boolean, to the first.
    """

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Look whether there are two inputs.

        Raises:
            ValueError: there are not.
        """
        if not is_shape_list(input_shape) or len(input_shape) != 2:
            raise ValueError(f"Layer {self.name} takes a tensor and its mask. Found shapes: {input_shape}")
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the tensor."""
        return inputs[0]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask."""
        return K.cast(inputs[1], "bool")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the tensor's shape."""
        return tuple(input_shape[0])


def _fill(value: Any, tensors: list[Any]) -> Any:
    """Put tensors, slices and `...` where they are meant."""
    if isinstance(value, (list, tuple)):
        return [_fill(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"input"}:
        return tensors[value["input"]]
    if value.keys() == {"slice"}:
        return slice(*value["slice"])
    if value.keys() == {"ellipsis"}:
        return ...
    return {name: _fill(item, tensors) for name, item in value.items()}

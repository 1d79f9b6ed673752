"""Keras 1's one layer for joining tensors, and the function that calls it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from engine import backend as K
from engine.layers.base import Layer
from engine.layers.core import Lambda
from engine.layers.merge import Add, Average, Concatenate, Dot, Maximum, Multiply
from engine.layers.registry import deserialize, register_layer


class _Cosine(Dot):
    """Multiply two tensors of unit vectors, with a further axis behind the batch's, as Keras 1 does."""

    def call(self, inputs: Any) -> Any:
        """Return the cosines."""
        return K.expand_dims(super().call(inputs), 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the products' shape with an axis of size 1 behind the batch's."""
        batch_size, *sizes = super().compute_output_shape(input_shape)
        return (batch_size, 1, *sizes)


_MODES: dict[str, Callable[[Any], Layer]] = {
    "sum": lambda layer: Add(name=layer.name),
    "mul": lambda layer: Multiply(name=layer.name),
    "ave": lambda layer: Average(name=layer.name),
    "max": lambda layer: Maximum(name=layer.name),
    "concat": lambda layer: Concatenate(layer.concat_axis, name=layer.name),
    "dot": lambda layer: Dot(layer.dot_axes, name=layer.name),
    "cos": lambda layer: _Cosine(layer.dot_axes, normalize=True, name=layer.name),
}
# What a configuration and `Lambda`'s call the same things.
_OF_LAMBDA = {"mode": "function", "output_shape": "output_shape", "output_mask": "mask"}


@register_layer()
class Merge(Layer):
    """Join tensors in a way that is chosen by name, or by a function.

    Args:
        layers: the layers or models whose outputs are joined at once, such as the branches of a Sequential model.
        mode: `sum`, `mul`, `concat`, `ave`, `dot`, `cos`, `max`, or a function of the list of tensors.
        concat_axis: the axis of `concat`.
        dot_axes: the axes of `dot` and `cos`, as for `Dot`.
        output_shape: for a function, the output's shape without the batch's axis, or a function of the inputs' shapes.
        output_mask: for a function, the output's mask, or a function of inputs and masks.
        arguments: further arguments of a function.
        node_indices, tensor_indices: which output of which call of each of `layers`; the first of the first.
        name: a name.

    Shapes:
        As of the layers that Keras 2 has in its place; `cos` gives an axis of size 1 behind the batch's.

    Raises:
        ValueError: the mode is unknown.
    """

    supports_masking = True

    def __init__(
        self,
        layers: Sequence[Any] | None = None,
        mode: Any = "sum",
        concat_axis: int = -1,
        dot_axes: Any = -1,
        output_shape: Any = None,
        output_mask: Any = None,
        arguments: dict[str, Any] | None = None,
        node_indices: Sequence[int] | None = None,
        tensor_indices: Sequence[int] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.mode = mode
        self.concat_axis = concat_axis
        self.dot_axes = tuple(dot_axes) if isinstance(dot_axes, list) else dot_axes
        self.branches: tuple[Any, ...] = tuple(layers or ())
        if callable(mode):
            self._joiner: Any = Lambda(mode, output_shape, output_mask, arguments, name=self.name)
        elif isinstance(mode, str) and mode in _MODES:
            self._joiner = _MODES[mode](self)
        else:
            raise ValueError(f"Invalid merge mode: {mode!r}. Use a function or one of {', '.join(_MODES)}.")
        if self.branches:
            node_indices = node_indices or [0] * len(self.branches)
            tensor_indices = tensor_indices or [0] * len(self.branches)
            self(
                [
                    branch._inbound_nodes[node].output_tensors[tensor]
                    for branch, node, tensor in zip(self.branches, node_indices, tensor_indices, strict=True)
                ]
            )

    def build(self, input_shape: Any) -> None:
        """Compare the shapes.

        Raises:
            ValueError: they can't be joined.
        """
        self._joiner.build(input_shape)
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the inputs joined."""
        return self._joiner.call(inputs, mask) if callable(self.mode) else self._joiner.call(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the inputs joined."""
        return self._joiner.compute_output_shape(input_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the inputs joined."""
        return self._joiner.compute_mask(inputs, mask)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from, without the layers that it joins."""
        config = {
            **super().get_config(),
            "mode": self.mode,
            "mode_type": "raw",
            "concat_axis": self.concat_axis,
            "dot_axes": self.dot_axes,
        }
        if callable(self.mode):
            own = self._joiner.get_config()
            for name, name_there in _OF_LAMBDA.items():
                config[name] = own[name_there]
                config[f"{name}_type"] = own[f"{name_there}_type"]
            config["arguments"] = own["arguments"]
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Make the layer from its configuration.

        Raises:
            ValueError: it holds code, or names a function that `custom_objects` lacks.
        """
        config = dict(config)
        kinds = {name: config.pop(f"{name}_type", "raw") for name in _OF_LAMBDA}
        if kinds["mode"] != "raw":
            own = {"name": config.get("name"), "arguments": config.get("arguments")}
            for name, name_there in _OF_LAMBDA.items():
                own[name_there], own[f"{name_there}_type"] = config.get(name), kinds[name]
            function = Lambda.from_config(own, custom_objects)
            config.update(
                mode=function.function, output_shape=function._output_shape, output_mask=function.mask
            )
        config["layers"] = [deserialize(branch, custom_objects) for branch in config.get("layers") or ()]
        return cls(**config)


def merge(
    inputs: list[Any],
    mode: Any = "sum",
    concat_axis: int = -1,
    dot_axes: Any = -1,
    output_shape: Any = None,
    output_mask: Any = None,
    arguments: dict[str, Any] | None = None,
    name: str | None = None,
) -> Any:
    """Join tensors; arguments as for `Merge`."""
    warnings.warn(
        "Keras 2 has functions in place of `merge`: `add`, `multiply`, `concatenate`, `average`, `maximum`, `dot`.",
        stacklevel=2,
    )
    layer = Merge(None, mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name=name)
    return layer(inputs)

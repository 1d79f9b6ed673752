"""The layer made of a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import backend as K
from engine.layers.base import Layer, accepts_argument, is_shape_list, to_list, unpack_singleton
from engine.layers.registry import register_layer
from engine.registry import Registry

_FUNCTIONS = Registry("function of a Lambda layer")


def register_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let configurations of Lambda layers name a function of the engine's own."""
    return _FUNCTIONS.register()(function)


@register_layer()
class Lambda(Layer):
    """Wrap a function of tensors as a layer.

    A configuration holds a function by its name, which `custom_objects` must resolve; code is never written
    to nor read from one, so a nameless function can't be saved.

    Args:
        function: takes the input tensor, or a list of them, first.
        output_shape: the output's shape without the batch's axis, or a function of the input's whole shape;
            inferred by default.
        mask: the output's mask, or a function of inputs and mask.
        arguments: further keyword arguments of the function.

    Shapes:
        Any.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.function = function
        self.arguments = arguments or {}
        self.mask = mask
        self.supports_masking = mask is not None
        if (
            output_shape is not None
            and not callable(output_shape)
            and not isinstance(output_shape, (tuple, list))
        ):
            raise TypeError(
                f"In Lambda, `output_shape` must be a list, a tuple, or a function. Found: {output_shape!r}"
            )
        self._output_shape = (
            output_shape if callable(output_shape) or output_shape is None else tuple(output_shape)
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the stated shape, or the one that the function gives placeholders."""
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        shapes = input_shape if is_shape_list(input_shape) else [input_shape]
        if self._output_shape is not None:
            return (shapes[0][0] if shapes else None, *self._output_shape)
        outputs = self.call(unpack_singleton([K.placeholder(shape) for shape in shapes]))
        return unpack_singleton([K.int_shape(output) for output in to_list(outputs)])

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return what the function makes of the inputs."""
        arguments = dict(self.arguments)
        if accepts_argument(self.function, "mask"):
            arguments["mask"] = mask
        return self.function(inputs, **arguments)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the stated mask."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def _name_of(self, function: Any, argument: str) -> Any:
        if not callable(function):
            return function
        name = getattr(function, "__name__", "<lambda>")
        if name == "<lambda>":
            raise ValueError(
                f"The Lambda layer {self.name!r} can't be saved: its `{argument}` has no name, and code is "
                "never written to a file. Define it by `def` and pass it by `custom_objects` when loading."
            )
        return name

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from.

        Raises:
            ValueError: a function has no name.
        """
        config = super().get_config()
        for argument, value in (
            ("function", self.function),
            ("output_shape", self._output_shape),
            ("mask", self.mask),
        ):
            config[argument] = self._name_of(value, argument)
            config[f"{argument}_type"] = "function" if callable(value) else "raw"
        return {**config, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Make the layer from its configuration.

        Raises:
            ValueError: the configuration holds code, or names a function that `custom_objects` lacks.
        """
        config = dict(config)
        for argument in ("function", "output_shape", "mask"):
            kind = config.pop(f"{argument}_type", "raw")
            if kind not in ("raw", "function"):
                raise ValueError(
                    f"The Lambda layer {config.get('name')!r} holds code as its `{argument}`, which is never "
                    "run. Save the model with a named function and pass that by `custom_objects`."
                )
            if kind == "function" or argument == "function":
                config[argument] = _FUNCTIONS.lookup(str(config[argument]), custom_objects)
        return cls(**config)

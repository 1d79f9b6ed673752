"""Layers that arrange the elements of their input anew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.sizes import check_size, is_integer


@register_layer()
class Flatten(Layer):
    """Make one axis of all but the batch's.

    Args:
        data_format: `channels_last` keeps the order whatever Keras's setting is; `channels_first` moves the
            channels to the end first; None goes by the setting.

    Shapes:
        `(batch, ...)` to `(batch, product of the sizes)`.
    """

    def __init__(self, data_format: str | None = "channels_last", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = InputSpec(min_ndim=3)
        self.data_format = K.normalize_data_format(data_format)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the batch's size and the product of the others.

        Raises:
            ValueError: one of them is unknown.
        """
        if not all(input_shape[1:]):
            raise ValueError(
                f'The shape of the input to "Flatten" ({self.name}) is not fully defined (got '
                f"{input_shape[1:]}). Make sure to pass a complete `input_shape` or `batch_input_shape` "
                "argument to the first layer in your model."
            )
        return (input_shape[0], math.prod(input_shape[1:]))

    def call(self, inputs: Any) -> Any:
        """Return the inputs with one axis beside the batch's."""
        if self.data_format == "channels_first":
            inputs = K.permute_dimensions(inputs, (0, *range(2, K.ndim(inputs)), 1))
        return K.batch_flatten(inputs)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "data_format")}


@register_layer()
class Reshape(Layer):
    """Give the same elements another shape.

    Args:
        target_shape: the shape without the batch's axis; one -1 stands for what remains.

    Shapes:
        `(batch, ...)` to `(batch, *target_shape)`.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not all(is_integer(size) for size in target_shape):
            raise ValueError(f"`target_shape` must be a tuple of integers. Received: {target_shape!r}")
        self.target_shape = tuple(int(size) for size in target_shape)

    def _fix_unknown_dimension(self, sizes: Sequence[Any]) -> tuple[int, ...]:
        """Return the target shape with the size that -1 stands for.

        Raises:
            ValueError: the elements do not fit.
        """
        elements = math.prod(sizes)
        known = math.prod(size for size in self.target_shape if size >= 0)
        unknown = sum(size < 0 for size in self.target_shape)
        if unknown > 1:
            raise ValueError(f"Reshape can only specify one unknown dimension. Found: {self.target_shape}")
        if (known == 0 or elements % known) if unknown else elements != known:
            raise ValueError(
                f"Total size of new array must be unchanged: {tuple(sizes)} holds {elements} elements, which "
                f"do not fit {self.target_shape}."
            )
        return tuple(elements // known if size < 0 else size for size in self.target_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the batch's size followed by the target shape."""
        if None in input_shape[1:]:
            return (input_shape[0], *(None if size < 0 else size for size in self.target_shape))
        return (input_shape[0], *self._fix_unknown_dimension(input_shape[1:]))

    def call(self, inputs: Any) -> Any:
        """Return the inputs in the target shape."""
        sizes = K.int_shape(inputs)[1:]
        if None in sizes:
            return K.reshape(inputs, (K.shape(inputs)[0], *self.target_shape))
        return K.reshape(inputs, (-1, *self._fix_unknown_dimension(sizes)))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "target_shape")}


@register_layer()
class Permute(Layer):
    """Change the order of the axes.

    Args:
        dims: the axes in their new order, counted from 1; the batch's axis stays in front.

    Shapes:
        `(batch, ...)` to the same sizes in the new order.
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"`dims` must name each axis from 1 once. Received: {self.dims}")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the sizes in the new order."""
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def call(self, inputs: Any) -> Any:
        """Return the inputs with their axes in the new order."""
        return K.permute_dimensions(inputs, (0, *self.dims))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "dims")}


@register_layer()
class RepeatVector(Layer):
    """Repeat each sample.

    Args:
        n: how many times.

    Shapes:
        `(batch, features)` to `(batch, n, features)`.
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = check_size(n, "n")
        self.input_spec = InputSpec(ndim=2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with `n` steps."""
        return (input_shape[0], self.n, input_shape[1])

    def call(self, inputs: Any) -> Any:
        """Return the repeated inputs."""
        return K.repeat(inputs, self.n)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "n")}

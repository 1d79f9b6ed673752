"""Layers that repeat the cells of sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe, describe_later
from engine.layers.registry import register_layer
from engine.layers.windows import normalize_tuple, spatial_axes


class UpSampling(Layer):
    """Repeat the cells along the spatial axes."""

    rank: int
    size: Any

    def __init__(self, factors: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factors = normalize_tuple(factors, self.rank, "size")
        self.size = self.factors
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the longer axes."""
        shape = list(input_shape)
        for axis, factor in zip(spatial_axes(self.rank, self.data_format), self.factors, strict=True):
            shape[axis] = None if shape[axis] is None else shape[axis] * factor
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "size", "data_format")}


@register_layer()
class UpSampling1D(UpSampling):
    """Repeat each step of sequences.

    Args:
        size: how many times.

    Shapes:
        `(batch, steps, channels)` to `(batch, steps * size, channels)`.
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(size, "channels_last", **kwargs)
        self.size = self.factors[0]

    def call(self, inputs: Any) -> Any:
        """Return the repeated steps."""
        return K.repeat_elements(inputs, self.size, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        config = super().get_config()
        del config["data_format"]
        return config


@register_layer()
class UpSampling2D(UpSampling):
    """Repeat the rows and columns of images.

    Args:
        size: how many times, one integer or one an axis.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        interpolation: `nearest` to repeat, or `bilinear` to mix; of later lines of Keras.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to the same with more rows and cols.
    """

    rank = 2

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(size, data_format, **kwargs)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(
                f"Layer {self.name} can't take {interpolation!r} as its interpolation: use nearest or bilinear."
            )
        self.interpolation = interpolation

    def call(self, inputs: Any) -> Any:
        """Return the repeated cells."""
        if self.interpolation == "nearest":
            height, width = self.factors
            return K.resize_images(inputs, height, width, self.data_format)
        static: Any = K.int_shape(inputs)
        sizes = K.shape(inputs)
        rows, cols = (
            (sizes[axis] if static[axis] is None else static[axis]) * factor
            for axis, factor in zip(spatial_axes(2, self.data_format), self.factors, strict=True)
        )
        return K.interpolate_images(inputs, rows, cols, self.data_format, self.interpolation)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe_later(self, interpolation="nearest")}


@register_layer()
class UpSampling3D(UpSampling):
    """Repeat the cells of volumes.

    Args:
        size: how many times, one integer or one an axis.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)`, or channels second, to the same with longer dims.
    """

    rank = 3

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(size, data_format, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Return the repeated cells."""
        depth, height, width = self.factors
        return K.resize_volumes(inputs, depth, height, width, self.data_format)

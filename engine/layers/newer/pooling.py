"""Pooling into a given number of windows. Not in Keras 2.1.6: files of Keras 3 name these layers."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.windows import normalize_tuple, spatial_axes


class AdaptivePooling(Layer):
    """Reduce space to a given number of windows, which cover it and may overlap.

    Args:
        output_size: number of windows, one integer or one an axis.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        As of the pooling layers, with `output_size` cells of space.
    """

    rank: int
    pool_mode: str

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_size = normalize_tuple(output_size, self.rank, "output_size")
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        """Return the reduced windows."""
        return K.adaptive_pool(inputs, self.output_size, self.data_format, self.pool_mode)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the numbers of windows."""
        shape = list(input_shape)
        for axis, size in zip(spatial_axes(self.rank, self.data_format), self.output_size, strict=True):
            shape[axis] = size
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "output_size", "data_format")}


@register_layer()
class AdaptiveAveragePooling1D(AdaptivePooling):
    """Mean over a given number of windows of sequences; arguments as of `AdaptivePooling`."""

    rank, pool_mode = 1, "avg"


@register_layer()
class AdaptiveAveragePooling2D(AdaptivePooling):
    """Mean over a given number of windows of images; arguments as of `AdaptivePooling`."""

    rank, pool_mode = 2, "avg"


@register_layer()
class AdaptiveAveragePooling3D(AdaptivePooling):
    """Mean over a given number of windows of volumes; arguments as of `AdaptivePooling`."""

    rank, pool_mode = 3, "avg"


@register_layer()
class AdaptiveMaxPooling1D(AdaptivePooling):
    """Maximum of a given number of windows of sequences; arguments as of `AdaptivePooling`."""

    rank, pool_mode = 1, "max"


@register_layer()
class AdaptiveMaxPooling2D(AdaptivePooling):
    """Maximum of a given number of windows of images; arguments as of `AdaptivePooling`."""

    rank, pool_mode = 2, "max"


@register_layer()
class AdaptiveMaxPooling3D(AdaptivePooling):
    """Maximum of a given number of windows of volumes; arguments as of `AdaptivePooling`."""

    rank, pool_mode = 3, "max"

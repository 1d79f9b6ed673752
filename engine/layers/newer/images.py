"""Sizes of images. Not in Keras 2.1.6: files of later lines name these layers."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.sizes import check_size
from engine.layers.windows import spatial_axes


class SizedImages(Layer):
    """Bring images to a size.

    Args:
        height, width: rows and columns of the output.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height = check_size(height, "height")
        self.width = check_size(width, "width")
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)

    def _crop(self, inputs: Any, height: int, width: int) -> Any:
        """Return the middle of images."""
        window: list[Any] = [slice(None)] * 4
        shape: Any = K.int_shape(inputs)
        for axis, size in zip(spatial_axes(2, self.data_format), (height, width), strict=True):
            start = (shape[axis] - size) // 2
            window[axis] = slice(start, start + size)
        return inputs[tuple(window)]

    def _space(self, inputs: Any) -> tuple[int, int]:
        """Return rows and columns of the input.

        Raises:
            ValueError: they are unknown.
        """
        shape = K.int_shape(inputs)
        height, width = (shape[axis] for axis in spatial_axes(2, self.data_format))
        if height is None or width is None:
            raise ValueError(f"Layer {self.name} needs images of a known size. Found shape: {shape}")
        return height, width

    def _resize_middle(self, inputs: Any, interpolation: str) -> Any:
        """Cut images to the aspect ratio of the output, then bring them to its size."""
        height, width = self._space(inputs)
        kept = (
            min(height, int(float(width * self.height) / self.width)),
            min(width, int(float(height * self.width) / self.height)),
        )
        middle = self._crop(inputs, *kept)
        return K.interpolate_images(middle, self.height, self.width, self.data_format, interpolation)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the rows and columns of the output."""
        shape = list(input_shape)
        for axis, size in zip(spatial_axes(2, self.data_format), (self.height, self.width), strict=True):
            shape[axis] = size
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "height", "width", "data_format")}


@register_layer()
class Resizing(SizedImages):
    """Scale images to a size.

    Args:
        height, width: rows and columns of the output.
        interpolation: `bilinear` or `nearest`.
        crop_to_aspect_ratio: whether to cut the images to the output's aspect ratio instead of distorting them.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to the same of `height` rows and `width` columns.

    Raises:
        ValueError: the interpolation is neither of the two.
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(height, width, data_format, **kwargs)
        if interpolation not in ("bilinear", "nearest"):
            raise ValueError(
                f"Layer {self.name} can't take {interpolation!r} as its interpolation: use bilinear or nearest."
            )
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio

    def call(self, inputs: Any) -> Any:
        """Return the scaled images."""
        numbers = K.cast(inputs, K.floatx())
        if self.crop_to_aspect_ratio:
            return self._resize_middle(numbers, self.interpolation)
        return K.interpolate_images(numbers, self.height, self.width, self.data_format, self.interpolation)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "interpolation", "crop_to_aspect_ratio")}


@register_layer()
class CenterCrop(SizedImages):
    """Cut the middle out of images; smaller images are cut to its aspect ratio and scaled up.

    Args:
        height, width: rows and columns of the output.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to the same of `height` rows and `width` columns.
    """

    def call(self, inputs: Any) -> Any:
        """Return the middles."""
        numbers = K.cast(inputs, K.floatx())
        height, width = self._space(inputs)
        if height >= self.height and width >= self.width:
            return self._crop(numbers, self.height, self.width)
        return self._resize_middle(numbers, "bilinear")

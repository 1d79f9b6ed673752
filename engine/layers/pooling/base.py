"""Pooling over any number of axes."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe, describe_later
from engine.layers.windows import (
    check_spatial_sizes,
    conv_output_length,
    normalize_padding,
    normalize_tuple,
    spatial_axes,
)


class Pooling(Layer):
    """Reduce windows that slide over the spatial axes to one value each.

    Args:
        pool_size: size of the window, one integer or one an axis.
        strides: distance between windows; `pool_size` by default.
        padding: `valid` or `same`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
    """

    rank: int
    # What `K.pool2d` calls it: `max` or `avg`.
    pool_mode: str

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = normalize_tuple(pool_size, self.rank, "pool_size")
        self.strides = normalize_tuple(self.pool_size if strides is None else strides, self.rank, "strides")
        self.padding = normalize_padding(padding)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def build(self, input_shape: Any) -> None:
        """Look whether a window fits into the input.

        Raises:
            ValueError: none does.
        """
        check_spatial_sizes(self, input_shape)
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the numbers of windows."""
        shape = list(input_shape)
        axes = spatial_axes(self.rank, self.data_format)
        for axis, size, stride in zip(axes, self.pool_size, self.strides, strict=True):
            shape[axis] = conv_output_length(shape[axis], size, self.padding, stride)
        return tuple(shape)

    def call(self, inputs: Any) -> Any:
        """Return the reduced windows."""
        pool = K.pool3d if self.rank == 3 else K.pool2d
        return pool(
            inputs, self.pool_size, self.strides, self.padding, self.data_format, pool_mode=self.pool_mode
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "pool_size", "padding", "strides", "data_format")}


class Pooling1D(Pooling):
    """Pooling over the steps of sequences."""

    rank = 1

    def __init__(
        self, pool_size: Any = 2, strides: Any = None, padding: str = "valid", **kwargs: Any
    ) -> None:
        super().__init__(pool_size, strides, padding, "channels_last", **kwargs)

    def call(self, inputs: Any) -> Any:
        """Return the reduced windows."""
        return K.pool1d(
            inputs,
            self.pool_size[0],
            self.strides[0],
            self.padding,
            self.data_format,
            pool_mode=self.pool_mode,
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        config = super().get_config()
        del config["data_format"]
        return config


class Pooling2D(Pooling):
    """Pooling over images."""

    rank = 2

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class Pooling3D(Pooling):
    """Pooling over volumes."""

    rank = 3

    def __init__(
        self,
        pool_size: Any = (2, 2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class GlobalPooling(Layer):
    """Reduce all spatial axes to one value a channel.

    Args:
        data_format: `channels_last` or `channels_first`; Keras's setting by default.
        keepdims: whether the reduced axes stay, with size 1; of later lines of Keras.
    """

    rank: int

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = K.normalize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def axes(self) -> list[int]:
        """The spatial axes."""
        return list(spatial_axes(self.rank, self.data_format))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the sizes of the batch and of the channels, and those of kept axes."""
        if self.keepdims:
            return tuple(1 if axis in self.axes else size for axis, size in enumerate(input_shape))
        return (input_shape[0], input_shape[-1 if self.data_format == "channels_last" else 1])

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            **super().get_config(),
            **describe(self, "data_format"),
            **describe_later(self, keepdims=False),
        }


class GlobalPooling1D(GlobalPooling):
    """Reduction of the steps of sequences."""

    rank = 1

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("channels_last", **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        config = super().get_config()
        del config["data_format"]
        return config

"""Layers that add and cut cells around sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.sizes import is_integer
from engine.layers.windows import check_spatial_sizes, normalize_tuple, spatial_axes


def normalize_margins(value: Any, rank: int, name: str) -> tuple[tuple[int, ...], ...]:
    """Return a pair of margins, before and after, for each axis.

    Args:
        value: one integer for all, one an axis (over one axis: a pair), or a pair an axis.
        rank: number of axes.
        name: the argument's name, for errors.

    Raises:
        ValueError: it is none of these.
    """
    if is_integer(value) or rank == 1:
        return (normalize_tuple(value, 2, name, minimum=0),) * rank
    if not hasattr(value, "__len__") or len(value) != rank:
        raise ValueError(f"`{name}` should have {rank} elements, one an axis. Found: {value!r}")
    return tuple(normalize_tuple(item, 2, f"{name}[{axis}]", minimum=0) for axis, item in enumerate(value))


class Margins(Layer):
    """A layer that changes the edges of the spatial axes."""

    # The name of the constructor's argument; the attribute holds what the configuration shows.
    argument: str

    def __init__(self, rank: int, margins: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rank = rank
        self.margins = normalize_margins(margins, rank, self.argument)
        setattr(self, self.argument, self.margins[0] if rank == 1 else self.margins)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def build(self, input_shape: Any) -> None:
        """Look whether anything is left of the input.

        Raises:
            ValueError: nothing is.
        """
        check_spatial_sizes(self, input_shape)
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        names = (self.argument,) if self.rank == 1 else (self.argument, "data_format")
        return {**super().get_config(), **describe(self, *names)}


class ZeroPadding(Margins):
    """Add zeros around the spatial axes."""

    argument = "padding"

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the wider axes."""
        shape = list(input_shape)
        for axis, (before, after) in zip(
            spatial_axes(self.rank, self.data_format), self.margins, strict=True
        ):
            shape[axis] = None if shape[axis] is None else shape[axis] + before + after
        return tuple(shape)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with zeros around them."""
        if self.rank == 1:
            return K.temporal_padding(inputs, padding=self.margins[0])
        pad = K.spatial_2d_padding if self.rank == 2 else K.spatial_3d_padding
        return pad(inputs, padding=self.margins, data_format=self.data_format)


class Cropping(Margins):
    """Cut cells off the edges of the spatial axes."""

    argument = "cropping"

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape with the narrower axes."""
        shape = list(input_shape)
        for axis, (before, after) in zip(
            spatial_axes(self.rank, self.data_format), self.margins, strict=True
        ):
            shape[axis] = None if shape[axis] is None else shape[axis] - before - after
        return tuple(shape)

    def call(self, inputs: Any) -> Any:
        """Return the inputs without their edges."""
        key: list[Any] = [slice(None)] * (self.rank + 2)
        for axis, (before, after) in zip(
            spatial_axes(self.rank, self.data_format), self.margins, strict=True
        ):
            key[axis] = slice(before, -after or None)
        return inputs[tuple(key)]


@register_layer()
class ZeroPadding1D(ZeroPadding):
    """Add zeros around sequences.

    Args:
        padding: how many zeros to add before and after; one integer for both, or a pair.

    Shapes:
        `(batch, steps, channels)` to the same with other spatial sizes.
    """

    def __init__(self, padding: Any = 1, **kwargs: Any) -> None:
        super().__init__(1, padding, "channels_last", **kwargs)


@register_layer()
class ZeroPadding2D(ZeroPadding):
    """Add zeros around images.

    Args:
        padding: how many zeros to add: one integer for all sides, `(rows, cols)`, or
            `((top, bottom), (left, right))`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to the same with other spatial sizes.
    """

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(2, padding, data_format, **kwargs)


@register_layer()
class ZeroPadding3D(ZeroPadding):
    """Add zeros around volumes.

    Args:
        padding: how many zeros to add: one integer for all sides, one an axis, or a pair an axis.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)`, or channels second, to the same with other spatial sizes.
    """

    def __init__(self, padding: Any = (1, 1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(3, padding, data_format, **kwargs)


@register_layer()
class Cropping1D(Cropping):
    """Cut the edges off sequences.

    Args:
        cropping: how many steps to cut before and after; one integer for both, or a pair.

    Shapes:
        `(batch, steps, channels)` to the same with other spatial sizes.
    """

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(1, cropping, "channels_last", **kwargs)


@register_layer()
class Cropping2D(Cropping):
    """Cut the edges off images.

    Args:
        cropping: how many cells to cut: one integer for all sides, `(rows, cols)`, or
            `((top, bottom), (left, right))`.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to the same with other spatial sizes.
    """

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(2, cropping, data_format, **kwargs)


@register_layer()
class Cropping3D(Cropping):
    """Cut the edges off volumes.

    Args:
        cropping: how many cells to cut: one integer for all sides, one an axis, or a pair an axis.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)`, or channels second, to the same with other spatial sizes.
    """

    def __init__(
        self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(3, cropping, data_format, **kwargs)

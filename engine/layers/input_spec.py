"""What a layer demands of its inputs."""

from __future__ import annotations

from typing import Any

from engine import backend as K


class InputSpec:
    """Dtype, rank and sizes that an input must have; None leaves a point open.

    Args:
        dtype: element type.
        shape: full shape; None marks any size.
        ndim, min_ndim, max_ndim: number of axes, exact or bounded.
        axes: sizes of single axes, from axis to size.
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: tuple[int | None, ...] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = axes or {}

    def __repr__(self) -> str:
        given = {name: value for name, value in vars(self).items() if value not in (None, {})}
        return f"InputSpec({', '.join(f'{name}={value}' for name, value in given.items())})"

    def check(self, tensor: Any, layer_name: str, index: int) -> None:
        """Compare a tensor with the demands.

        Raises:
            ValueError: it does not meet them.
        """
        shape = K.int_shape(tensor)
        prefix = f"Input {index} is incompatible with layer {layer_name}: "
        for wanted, right, word in (
            (self.ndim, len(shape) == self.ndim, "ndim"),
            (self.max_ndim, len(shape) <= (self.max_ndim or 0), "max_ndim"),
            (self.min_ndim, len(shape) >= (self.min_ndim or 0), "min_ndim"),
        ):
            if wanted is not None and not right:
                raise ValueError(f"{prefix}expected {word}={wanted}, found ndim={len(shape)}")
        if self.dtype is not None and K.dtype(tensor) != self.dtype:
            raise ValueError(f"{prefix}expected dtype={self.dtype}, found dtype={K.dtype(tensor)}")
        for axis, size in self.axes.items():
            if size is not None and shape[int(axis)] not in (size, None):
                raise ValueError(
                    f"{prefix}expected axis {axis} of input shape to have value {size} but got shape {shape}"
                )
        for expected, found in zip(self.shape or (), shape, strict=False):
            if expected is not None and found is not None and expected != found:
                raise ValueError(f"{prefix}expected shape={self.shape}, found shape={shape}")

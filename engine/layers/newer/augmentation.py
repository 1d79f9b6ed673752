"""Random changes of images while training. Not in Keras 2.1.6: files of later lines name these layers."""

from __future__ import annotations

import math
from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe, describe_later
from engine.layers.registry import register_layer
from engine.layers.windows import spatial_axes


def _bounds(factor: Any, name: str) -> tuple[float, float]:
    """Return the least and the greatest value of a factor given as both or as the greatest.

    Raises:
        ValueError: it is neither.
    """
    pair = tuple(factor) if isinstance(factor, (list, tuple)) else (-factor, factor)
    if len(pair) != 2 or pair[0] > pair[1]:
        raise ValueError(f"`{name}` must be a number, or the least and the greatest. Received: {factor!r}")
    return float(pair[0]), float(pair[1])


class RandomImages(Layer):
    """Change images at random while training, each sample by itself; pass them on otherwise.

    Args:
        seed: makes the changes repeatable.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or channels second, to the same.
    """

    def __init__(self, seed: int | None = None, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Return the changed images."""
        images = K.cast(inputs, K.floatx())
        return K.in_train_phase(lambda: self._change(images), images, training=training)

    def _change(self, images: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say how it changes images.")

    def _draw(self, images: Any, bounds: tuple[float, float], draw: int = 0) -> Any:
        """Return a number between bounds for each image; `draw` tells apart those of one layer."""
        seed = None if self.seed is None else self.seed + draw
        return K.random_uniform((K.shape(images)[0],), *bounds, dtype=K.floatx(), seed=seed)

    def _per_image(self, numbers: Any) -> Any:
        return K.reshape(numbers, (-1, 1, 1, 1))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "seed", "data_format")}


@register_layer()
class RandomFlip(RandomImages):
    """Mirror images, or not.

    Args:
        mode: `horizontal`, `vertical` or `horizontal_and_vertical`.
        seed, data_format: as for `RandomRotation`.

    Raises:
        ValueError: the mode is unknown.
    """

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        if mode not in ("horizontal", "vertical", "horizontal_and_vertical"):
            raise ValueError(
                f"`mode` of {self.name} must be horizontal, vertical or horizontal_and_vertical. Received: {mode!r}"
            )
        self.mode = mode

    def _change(self, images: Any) -> Any:
        rows, cols = spatial_axes(2, self.data_format)
        for draw, (word, axis) in enumerate((("vertical", rows), ("horizontal", cols))):
            if word in self.mode:
                drawn = self._draw(images, (0.0, 1.0), draw)
                images = K.switch(K.less(drawn, 0.5), K.reverse(images, axis), images)
        return images

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "mode")}


class RandomMotion(RandomImages):
    """Move the contents of images.

    Args:
        fill_mode: what lies beyond the edge: `reflect`, `nearest` or `constant`.
        interpolation: `bilinear` or `nearest`.
        seed: makes the changes repeatable.
        fill_value: the constant.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Raises:
        ValueError: the fill mode or the interpolation is unknown.
    """

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        if fill_mode not in ("reflect", "nearest", "constant") or interpolation not in (
            "bilinear",
            "nearest",
        ):
            raise ValueError(
                f"Layer {self.name} takes the fill modes reflect, nearest and constant and the interpolations "
                f"bilinear and nearest. Received: {fill_mode!r} and {interpolation!r}"
            )
        self.fill_mode = fill_mode
        self.interpolation = interpolation
        self.fill_value = fill_value

    def _move(self, images: Any, angles: Any = None, shifts: Any = None, scales: Any = None) -> Any:
        zeros = K.zeros_like(self._draw(images, (0.0, 1.0)))
        pair = K.stack([zeros, zeros], axis=1)
        sizes = K.shape(images)
        height, width = (K.cast(sizes[axis], K.floatx()) for axis in spatial_axes(2, self.data_format))
        matrices = K.affine_matrices(
            zeros if angles is None else angles,
            pair if shifts is None else shifts,
            pair + 1.0 if scales is None else scales,
            width / height,
        )
        return K.transform_images(
            images, matrices, self.fill_mode, self.fill_value, self.interpolation, self.data_format
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "fill_mode", "interpolation", "fill_value")}


@register_layer()
class RandomRotation(RandomMotion):
    """Turn images about their middle.

    Args:
        factor: the greatest turn to both sides, or the least and the greatest counter-clockwise, in full turns.
        kwargs: `fill_mode` (`reflect`, `nearest`, `constant`), `fill_value`, `interpolation` (`bilinear`, `nearest`),
            `seed`, `data_format`.
    """

    def __init__(self, factor: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.factor = factor
        self._turns = _bounds(factor, "factor")

    def _change(self, images: Any) -> Any:
        return self._move(images, angles=self._draw(images, self._turns) * (2 * math.pi))

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "factor")}


class RandomAlongAxes(RandomMotion):
    """Move images by a number for rows and one for columns.

    Args:
        height_factor, width_factor: the greatest number to both sides, or the least and the greatest.
        kwargs: as for `RandomRotation`.
    """

    def __init__(self, height_factor: Any, width_factor: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._rows = _bounds(height_factor, "height_factor")
        self._cols = None if width_factor is None else _bounds(width_factor, "width_factor")

    def _draw_pair(self, images: Any) -> Any:
        rows = self._draw(images, self._rows)
        cols = rows if self._cols is None else self._draw(images, self._cols, 1)
        return K.stack([cols, rows], axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "height_factor", "width_factor")}


@register_layer()
class RandomTranslation(RandomAlongAxes):
    """Shift images down and right by shares of their height and width.

    Args:
        height_factor, width_factor: the greatest share to both sides, or the least and the greatest.
        kwargs: as for `RandomRotation`.
    """

    def __init__(self, height_factor: Any, width_factor: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(height_factor, width_factor, *args, **kwargs)

    def _change(self, images: Any) -> Any:
        return self._move(images, shifts=self._draw_pair(images))


@register_layer()
class RandomZoom(RandomAlongAxes):
    """Show more of images than they hold (above 0), or less.

    Args:
        height_factor, width_factor: the greatest share to both sides, or the least and the greatest; the width's is
            the height's by default, which keeps the aspect ratio.
        kwargs: as for `RandomRotation`.
    """

    def _change(self, images: Any) -> Any:
        return self._move(images, scales=self._draw_pair(images) + 1.0)


class RandomIntensity(RandomImages):
    """Change the values of images.

    Args:
        factor: how much at most, or the least and the greatest.
        value_range: the least and the greatest value that a result is cut to; None for no bounds.
        seed, data_format: as for `RandomRotation`.
    """

    def __init__(self, factor: Any, value_range: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.factor = factor
        self.value_range = value_range
        self._shares = _bounds(factor, "factor")

    def _cut(self, images: Any) -> Any:
        return images if self.value_range is None else K.clip(images, *self.value_range)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            **super().get_config(),
            **describe(self, "factor"),
            **describe_later(self, value_range=None),
        }


@register_layer()
class RandomContrast(RandomIntensity):
    """Bring values nearer to the mean of their channel, or farther from it.

    Args:
        factor: the greatest share nearer and farther; or both, as numbers from 0 on.
        value_range: the least and the greatest value that a result is cut to; None for no bounds.
        seed, data_format: as for `RandomRotation`.
    """

    def __init__(self, factor: Any, value_range: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(factor, value_range, seed, **kwargs)
        if isinstance(factor, (list, tuple)):
            self._shares = (-float(factor[0]), float(factor[1]))

    def _change(self, images: Any) -> Any:
        means = K.mean(images, axis=list(spatial_axes(2, self.data_format)), keepdims=True)
        shares = self._per_image(self._draw(images, self._shares)) + 1.0
        return self._cut((images - means) * shares + means)


@register_layer()
class RandomBrightness(RandomIntensity):
    """Add the same number to all values of an image.

    Args:
        factor: the greatest share of the range of values to both sides, or the least and the greatest.
        value_range: the least and the greatest value.
        seed, data_format: as for `RandomRotation`.
    """

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(factor, value_range, seed, **kwargs)

    def _change(self, images: Any) -> Any:
        least, greatest = self.value_range
        added = self._per_image(self._draw(images, self._shares)) * float(greatest - least)
        return self._cut(images + added)

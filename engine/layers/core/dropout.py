"""Layers that switch off random parts of their input while training."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.windows import spatial_axes


@register_layer()
class Dropout(Layer):
    """Set a random share of the inputs to 0 and scale the others up, in the training phase only.

    Args:
        rate: the share, from 0 to 1.
        noise_shape: shape of the random mask, which is broadcast to the input's; None stands for the
            input's size.
        seed: seed of the random numbers.

    Shapes:
        Any; the output has the input's.

    Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting (2014).
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = min(1.0, max(0.0, rate))
        self.noise_shape = noise_shape
        self.seed = seed

    def _get_noise_shape(self, inputs: Any) -> Any:
        if self.noise_shape is None:
            return None
        sizes = K.shape(inputs)
        return tuple(sizes[axis] if size is None else size for axis, size in enumerate(self.noise_shape))

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Return the inputs, some of them dropped while training."""
        if not 0.0 < self.rate < 1.0:
            return inputs
        noise_shape = self._get_noise_shape(inputs)
        return K.in_train_phase(
            lambda: K.dropout(inputs, self.rate, noise_shape, seed=self.seed), inputs, training=training
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "rate", "noise_shape", "seed")}


class SpatialDropout(Dropout):
    """Drop whole feature maps instead of single elements."""

    rank: int

    def __init__(self, rate: float, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(rate, **kwargs)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _get_noise_shape(self, inputs: Any) -> Any:
        sizes = K.shape(inputs)
        spatial = spatial_axes(self.rank, self.data_format)
        return tuple(1 if axis in spatial else sizes[axis] for axis in range(self.rank + 2))


@register_layer()
class SpatialDropout1D(SpatialDropout):
    """Drop whole channels of sequences while training.

    Args:
        rate: the share of channels to drop, from 0 to 1.

    Shapes:
        `(batch, steps, channels)`; the output has the input's.

    Source: Tompson et al., Efficient Object Localization Using Convolutional Networks (2014).
    """

    rank = 1

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(rate, data_format="channels_last", **kwargs)


@register_layer()
class SpatialDropout2D(SpatialDropout):
    """Drop whole channels of images while training.

    Args:
        rate: the share of channels to drop, from 0 to 1.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, rows, cols, channels)`, or `(batch, channels, rows, cols)`; the output has the input's.

    Source: Tompson et al., Efficient Object Localization Using Convolutional Networks (2014).
    """

    rank = 2


@register_layer()
class SpatialDropout3D(SpatialDropout):
    """Drop whole channels of volumes while training.

    Args:
        rate: the share of channels to drop, from 0 to 1.
        data_format: `channels_last` or `channels_first`; Keras's setting by default.

    Shapes:
        `(batch, dim1, dim2, dim3, channels)`, or channels second; the output has the input's.

    Source: Tompson et al., Efficient Object Localization Using Convolutional Networks (2014).
    """

    rank = 3

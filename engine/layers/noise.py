"""Layers that disturb their input while training (manual, section 5.11)."""

from __future__ import annotations

import math
from typing import Any

from engine import backend as K
from engine.layers.base import Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer


@register_layer()
class GaussianNoise(Layer):
    """Add normal noise with mean 0, in the training phase only.

    Args:
        stddev: the noise's standard deviation.

    Shapes:
        Any; the output has the input's.
    """

    supports_masking = True

    def __init__(self, stddev: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = stddev

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Return the inputs, disturbed while training."""
        return K.in_train_phase(
            lambda: inputs + K.random_normal(shape=K.shape(inputs), mean=0.0, stddev=self.stddev),
            inputs,
            training=training,
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "stddev")}


@register_layer()
class GaussianDropout(Layer):
    """Multiply by normal noise with mean 1, in the training phase only.

    Args:
        rate: as the rate of `Dropout`; the standard deviation is `sqrt(rate / (1 - rate))`.

    Shapes:
        Any; the output has the input's.

    Source: Srivastava et al., Dropout (2014).
    """

    supports_masking = True

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Return the inputs, disturbed while training."""
        if not 0.0 < self.rate < 1.0:
            return inputs
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        return K.in_train_phase(
            lambda: inputs * K.random_normal(shape=K.shape(inputs), mean=1.0, stddev=stddev),
            inputs,
            training=training,
        )

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {**super().get_config(), **describe(self, "rate")}


# The saturation value of the scaled exponential linear unit: -scale * alpha.
_SELU_SATURATION = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


@register_layer()
class AlphaDropout(Layer):
    """Drop elements to the saturation value of `selu` and rescale, so that mean and variance stay.

    Args:
        rate: share of the elements that are dropped, from 0 to 1.
        noise_shape: shape of the random mask; the input's by default.
        seed: seed of the random numbers.

    Shapes:
        Any; the output has the input's.

    Source: Klambauer et al., Self-Normalizing Neural Networks (2017).
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Return the inputs, some of them dropped while training."""
        if not 0.0 < self.rate < 1.0:
            return inputs
        noise_shape = self.noise_shape or K.shape(inputs)

        def drop() -> Any:
            kept = K.cast(
                K.greater_equal(K.random_uniform(noise_shape, seed=self.seed), self.rate), K.dtype(inputs)
            )
            slope = ((1.0 - self.rate) * (1.0 + self.rate * _SELU_SATURATION**2)) ** -0.5
            offset = -slope * _SELU_SATURATION * self.rate
            return slope * (inputs * kept + _SELU_SATURATION * (1.0 - kept)) + offset

        return K.in_train_phase(drop, inputs, training=training)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from.

        `noise_shape` is not part of it, as in Keras.
        """
        return {**super().get_config(), **describe(self, "rate")}

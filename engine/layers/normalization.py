"""Batch normalization (manual, section 5.10)."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine import constraints, initializers, regularizers
from engine.layers.base import InputSpec, Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.sizes import check_axis


@register_layer()
class BatchNormalization(Layer):
    """Bring each channel to mean 0 and variance 1, then scale and shift it.

    While training the batch's own mean and variance are used, and moving averages of them are kept; those are
    used while testing.

    Args:
        axis: the axis of the channels.
        momentum: share of the old moving average that is kept at each step.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether the result is multiplied by `gamma`.
        beta_initializer, gamma_initializer: first values of the weights.
        moving_mean_initializer, moving_variance_initializer: first values of the moving averages.
        beta_regularizer, gamma_regularizer: penalties on the weights.
        beta_constraint, gamma_constraint: applied to the weights after each step.

    Shapes:
        Any; the output has the input's.

    Source: Ioffe and Szegedy, Batch Normalization (2015).
    """

    supports_masking = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape: Any) -> None:
        """Make the weights and the moving averages.

        Raises:
            ValueError: the number of channels is unknown.
        """
        check_axis(self.axis, len(input_shape), self.name)
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                f"Axis {self.axis} of input tensor should have a defined dimension but the layer {self.name} "
                f"received an input with shape {input_shape}."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        shape = (channels,)
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                "gamma",
                shape,
                None,
                self.gamma_initializer,
                self.gamma_regularizer,
                True,
                self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                "beta", shape, None, self.beta_initializer, self.beta_regularizer, True, self.beta_constraint
            )
        self.moving_mean = self.add_weight(
            "moving_mean", shape, initializer=self.moving_mean_initializer, trainable=False
        )
        self.moving_variance = self.add_weight(
            "moving_variance", shape, initializer=self.moving_variance_initializer, trainable=False
        )
        self.built = True

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Return the inputs normalized, and record the moving averages' updates."""
        if training is not None and not K.is_tensor(training) and not training:
            return self._normalize_by_moving_averages(inputs)
        rank = K.ndim(inputs)
        reduction_axes = [axis for axis in range(rank) if axis != self.axis % rank]
        normalized, mean, variance = K.normalize_batch_in_training(
            inputs, self.gamma, self.beta, reduction_axes, epsilon=self.epsilon
        )
        channels = K.int_shape(inputs)[self.axis]
        samples = K.cast(K.size(inputs), K.dtype(inputs)) / channels
        variance = variance * (samples / (samples - (1.0 + self.epsilon)))
        self.add_update(
            [
                K.moving_average_update(self.moving_mean, mean, self.momentum),
                K.moving_average_update(self.moving_variance, variance, self.momentum),
            ],
            inputs,
        )
        return K.in_train_phase(
            normalized, lambda: self._normalize_by_moving_averages(inputs), training=training
        )

    def _normalize_by_moving_averages(self, inputs: Any) -> Any:
        rank = K.ndim(inputs)
        weights: tuple[Any, ...] = (self.moving_mean, self.moving_variance, self.beta, self.gamma)
        if self.axis % rank != rank - 1:
            shape = [-1 if axis == self.axis % rank else 1 for axis in range(rank)]
            weights = tuple(weight if weight is None else K.reshape(weight, shape) for weight in weights)
        mean, variance, beta, gamma = weights
        return K.batch_normalization(inputs, mean, variance, beta, gamma, epsilon=self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            **super().get_config(),
            **describe(
                self,
                "axis",
                "momentum",
                "epsilon",
                "center",
                "scale",
                "beta_initializer",
                "gamma_initializer",
                "moving_mean_initializer",
                "moving_variance_initializer",
                "beta_regularizer",
                "gamma_regularizer",
                "beta_constraint",
                "gamma_constraint",
            ),
        }

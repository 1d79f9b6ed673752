"""The wrapper that applies a layer to each step."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import InputSpec, accepts_argument
from engine.layers.registry import register_layer
from engine.layers.wrappers.base import Wrapper


def _sizes(x: Any) -> list[Any]:
    """Return the sizes of a tensor, symbolic ones where they are unknown."""
    static, sizes = K.int_shape(x), K.shape(x)
    return [sizes[axis] if size is None else size for axis, size in enumerate(static)]


@register_layer()
class TimeDistributed(Wrapper):
    """Apply a layer to every step of the input, with the same weights.

    Args:
        layer: the layer.

    Shapes:
        `(batch, steps, ...)` to `(batch, steps, *the layer's output)`.
    """

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Build the layer inside for one step.

        Raises:
            ValueError: the input has no axis of steps.
        """
        if len(input_shape) < 3:
            raise ValueError(
                f"Layer {self.name} needs an input with an axis of steps behind the batch's: at least 3 "
                f"axes. Found the shape {tuple(input_shape)}."
            )
        self.input_spec = InputSpec(shape=(None, None, *input_shape[2:]))
        if not self.layer.built:
            self.layer.build((input_shape[0], *input_shape[2:]))
            self.layer.built = True
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the layer's output shape with the steps behind the batch."""
        shape = self.layer.compute_output_shape((input_shape[0], *input_shape[2:]))
        return (shape[0], input_shape[1], *shape[1:])

    @staticmethod
    def _join_time(x: Any) -> Any:
        """Return all steps of all samples along the first axis."""
        return K.reshape(x, (-1, *_sizes(x)[2:]))

    @staticmethod
    def _split_time(x: Any, like: Any) -> Any:
        """Undo `_join_time`; the number of steps is that of `like`."""
        return K.reshape(x, (-1, _sizes(like)[1], *_sizes(x)[1:]))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Return the layer's output for each step."""
        arguments: dict[str, Any] = {}
        if accepts_argument(self.layer.call, "training"):
            arguments["training"] = training
        if mask is not None and K.ndim(mask) > 2 and accepts_argument(self.layer.call, "mask"):
            arguments["mask"] = self._join_time(mask)
        joined = self._join_time(inputs)
        self._inner_inputs[(id(inputs),)] = joined
        outputs = self.layer.call(joined, **arguments)
        return self._split_time(outputs, inputs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the layer's mask for each step, or which steps are masked as a whole."""
        joined = self._join_time(inputs)
        inner_mask = self._join_time(mask) if mask is not None and K.ndim(mask) > 2 else None
        output_mask = self.layer.compute_mask(joined, inner_mask)
        if output_mask is not None:
            return self._split_time(output_mask, inputs)
        while mask is not None and K.ndim(mask) > 2:
            mask = K.any(mask, axis=-1)
        return mask

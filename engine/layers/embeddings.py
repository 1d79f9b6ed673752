"""The embedding layer (manual, section 5.7)."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine import constraints, initializers, regularizers
from engine.layers.base import Layer
from engine.layers.description import describe
from engine.layers.registry import register_layer
from engine.layers.sizes import check_size


@register_layer()
class Embedding(Layer):
    """Turn integers into vectors, by rows of a table.

    Args:
        input_dim: number of rows: the largest integer plus 1.
        output_dim: size of a vector.
        embeddings_initializer: first values of the table.
        embeddings_regularizer: penalty on the table.
        activity_regularizer: penalty on the output.
        embeddings_constraint: applied to the table after each step.
        mask_zero: whether 0 marks steps to be skipped.
        input_length: length of the sequences, where it is fixed; an integer, or one an axis.

    Shapes:
        `(batch, steps)` to `(batch, steps, output_dim)`.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        activity_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        input_length: Any = None,
        **kwargs: Any,
    ) -> None:
        if "input_shape" not in kwargs:
            lengths = (
                tuple(input_length) if isinstance(input_length, (list, tuple)) else (input_length or None,)
            )
            kwargs["input_shape"] = lengths
        super().__init__(**kwargs)
        self.input_dim = check_size(input_dim, "input_dim")
        self.output_dim = check_size(output_dim, "output_dim")
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.input_length = input_length

    def build(self, input_shape: Any) -> None:
        """Make the table."""
        self.embeddings = self.add_weight(
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            name="embeddings",
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            dtype=self.dtype,
        )
        self.built = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return which steps are not 0, where 0 is masked."""
        return K.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the input's shape, its lengths as stated, with `output_dim` behind.

        Raises:
            ValueError: the input has other lengths than `input_length`.
        """
        if self.input_length is None:
            return (*input_shape, self.output_dim)
        lengths = (
            list(self.input_length) if isinstance(self.input_length, (list, tuple)) else [self.input_length]
        )
        found = list(input_shape[1:])
        if len(lengths) != len(found) or any(
            stated is not None and size is not None and stated != size
            for stated, size in zip(lengths, found, strict=True)
        ):
            raise ValueError(
                f'"input_length" is {self.input_length}, but received input has shape {tuple(input_shape)}'
            )
        sizes = [size if stated is None else stated for stated, size in zip(lengths, found, strict=True)]
        return (input_shape[0], *sizes, self.output_dim)

    def call(self, inputs: Any) -> Any:
        """Return the table's rows at the inputs."""
        if K.dtype(inputs) not in ("int32", "int64"):
            inputs = K.cast(inputs, "int32")
        return K.gather(self.embeddings, inputs)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            **super().get_config(),
            **describe(
                self,
                "input_dim",
                "output_dim",
                "embeddings_initializer",
                "embeddings_regularizer",
                "activity_regularizer",
                "embeddings_constraint",
                "mask_zero",
                "input_length",
            ),
        }

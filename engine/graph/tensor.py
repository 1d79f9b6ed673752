"""A symbolic tensor: what a computation will give once it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.graph.operation import Operation

Shape = tuple[int | None, ...]


class Tensor:
    """A value that is not computed yet.

    Args:
        shape: static shape; None marks a dimension known only when data arrives.
        dtype: name of the element type, such as `float32`.
        name: how errors and summaries call it.
        operation: the operation that produces it; None for placeholders, variables and constants.
        position: which of the operation's outputs it is.
    """

    def __init__(
        self,
        shape: Shape,
        dtype: str,
        name: str,
        operation: Operation | None = None,
        position: int = 0,
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.name = name
        self.operation = operation
        self.position = position
        # Whether the value differs between training and testing.
        self._uses_learning_phase = False
        # (layer, node_index, tensor_index) once a layer has made the tensor.
        self._keras_history: tuple[Any, int, int] | None = None

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def _keras_shape(self) -> Shape:
        return self.shape

    @_keras_shape.setter
    def _keras_shape(self, shape: Shape) -> None:
        self.shape = tuple(shape)

    def __repr__(self) -> str:
        return f"<Tensor {self.name!r} shape={self.shape} dtype={self.dtype}>"

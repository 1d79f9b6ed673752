"""Where a model begins: `Input` and its layer."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.graph import Node
from engine.layers.base import Layer
from engine.layers.registry import register_layer


@register_layer()
class InputLayer(Layer):
    """The layer of a model's input.

    Args:
        input_shape: shape of a sample.
        batch_size: size of the batch, where it is fixed.
        batch_input_shape: the two together.
        dtype: element type; `floatx` by default.
        input_tensor: a tensor to use in place of a placeholder.
        sparse: whether sparse matrices are given.
        name: a name.

    Raises:
        ValueError: the shape is given twice, or not at all.
    """

    def __init__(
        self,
        input_shape: Any = None,
        batch_size: int | None = None,
        batch_input_shape: Any = None,
        dtype: str | None = None,
        input_tensor: Any = None,
        sparse: bool = False,
        name: str | None = None,
    ) -> None:
        name = name or f"input_{K.get_uid('input')}"
        if input_shape is not None and batch_input_shape is not None:
            raise ValueError(
                "Only provide the input_shape OR batch_input_shape argument to InputLayer, not both at the "
                "same time."
            )
        if batch_input_shape is None:
            if input_shape is None and input_tensor is None:
                raise ValueError(
                    "An Input layer should be passed either a `batch_input_shape` or an `input_shape`."
                )
            batch_input_shape = (
                K.int_shape(input_tensor) if input_shape is None else (batch_size, *input_shape)
            )
        if dtype is None:
            dtype = K.floatx() if input_tensor is None else K.dtype(input_tensor)
        super().__init__(batch_input_shape=tuple(batch_input_shape), dtype=dtype, name=name)
        self.trainable = False
        self.built = True
        self.sparse = sparse
        self.is_placeholder = input_tensor is None
        if input_tensor is None:
            input_tensor = K.placeholder(self.batch_input_shape, dtype=dtype, sparse=sparse, name=name)
        else:
            self.batch_input_shape = K.int_shape(input_tensor)
        input_tensor._keras_history = (self, 0, 0)
        shapes: Any = [self.batch_input_shape]
        Node(self, [], [], [], [input_tensor], [input_tensor], [None], [None], shapes, shapes)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        return {
            "batch_input_shape": self.batch_input_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "name": self.name,
        }


def Input(  # noqa: N802 - Keras's name
    shape: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
    dtype: str | None = None,
    sparse: bool = False,
    tensor: Any = None,
    batch_size: int | None = None,
) -> Any:
    """Make a model's input.

    Args:
        shape: shape of a sample, such as `(32,)`.
        batch_shape: the same with the batch's size in front.
        name: a name.
        dtype: element type; `floatx` by default.
        sparse: whether sparse matrices are given.
        tensor: a tensor to use in place of a placeholder.
        batch_size: size of the batch, where it is fixed; tf.keras's argument.

    Returns:
        A tensor.

    Raises:
        ValueError: no shape is given.
    """
    if batch_shape is None and tensor is None and shape is None:
        raise ValueError(
            "Please provide to Input either a `shape` or a `batch_shape` argument. Note that `shape` does "
            "not include the batch dimension."
        )
    if shape is not None and batch_shape is None:
        batch_shape = (batch_size, *(shape if isinstance(shape, (list, tuple)) else (shape,)))
    layer = InputLayer(
        batch_input_shape=batch_shape, name=name, dtype=dtype, sparse=sparse, input_tensor=tensor
    )
    return layer.get_output_at(0)


def get_source_inputs(tensor: Any, layer: Any = None, node_index: int | None = None) -> list[Any]:
    """Return the input tensors that a tensor is computed from.

    Args:
        tensor: a tensor that layers made.
        layer: the layer that made it; known by default.
        node_index: which of the layer's calls; known by default.
    """
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        return [tensor]
    if layer is None or node_index is None:
        layer, node_index = history[0], history[1]
    pending, seen = [layer._inbound_nodes[node_index]], set()
    sources: list[Any] = []
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if not node.inbound_layers:
            sources.extend(item for item in node.input_tensors if not any(item is kept for kept in sources))
        before = zip(node.inbound_layers, node.node_indices, strict=True)
        pending.extend(parent._inbound_nodes[index] for parent, index in reversed(list(before)))
    return sources

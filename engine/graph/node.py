"""One call of a layer: which tensors went in, which came out."""

from __future__ import annotations

from typing import Any

from engine.graph.tensor import Shape, Tensor


class Node:
    """A call event that joins layers; a model is a set of nodes joined by tensors.

    A node is listed in `outbound_layer._inbound_nodes` and in `_outbound_nodes` of every layer it reads.

    Args:
        outbound_layer: the layer that was called.
        inbound_layers: the layers whose outputs it read, one an input tensor.
        node_indices: which call of each inbound layer made the tensor.
        tensor_indices: which output of that call it is.
        input_tensors, output_tensors: what went in and came out.
        input_masks, output_masks: their masks; None where there is none.
        input_shapes, output_shapes: their static shapes.
        arguments: keyword arguments of the call.
    """

    def __init__(
        self,
        outbound_layer: Any,
        inbound_layers: list[Any],
        node_indices: list[int],
        tensor_indices: list[int],
        input_tensors: list[Tensor],
        output_tensors: list[Tensor],
        input_masks: list[Tensor | None],
        output_masks: list[Tensor | None],
        input_shapes: list[Shape],
        output_shapes: list[Shape],
        arguments: dict[str, Any] | None = None,
    ) -> None:
        self.outbound_layer = outbound_layer
        self.inbound_layers = inbound_layers
        self.node_indices = node_indices
        self.tensor_indices = tensor_indices
        self.input_tensors = input_tensors
        self.output_tensors = output_tensors
        self.input_masks = input_masks
        self.output_masks = output_masks
        self.input_shapes = input_shapes
        self.output_shapes = output_shapes
        self.arguments = arguments or {}
        for layer in inbound_layers:
            if layer is not None:
                layer._outbound_nodes.append(self)
        outbound_layer._inbound_nodes.append(self)

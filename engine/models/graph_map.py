"""Which layers and nodes lie between a model's inputs and outputs, and in what order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from engine.graph import Node, Tensor

_INPUT_ADVICE = "Input tensors to a Model must come from `keras.layers.Input`."
_OUTPUT_ADVICE = (
    "Output tensors to a Model must be the output of a Keras `Layer` (thus holding past layer metadata). Wrap "
    "backend functions in a `Lambda` layer."
)


class GraphMap:
    """The nodes and layers of a model by depth; outputs have depth 0.

    The order of layers is Keras's: by falling depth, and within a depth by the first visit of a walk from the
    outputs. Saved weights are in this order.

    Args:
        inputs, outputs: the model's tensors.

    Raises:
        ValueError: an output can't be reached from the inputs, or two layers share a name.
        RuntimeError: the graph has a cycle.
    """

    def __init__(self, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        self._layer_order: dict[int, int] = {}
        self._layers: dict[int, Any] = {}
        finished = self._walk(outputs)
        node_depths, layer_depths = self._measure(finished)
        for tensor in inputs:
            layer, node_index, _ = _history(tensor, _INPUT_ADVICE)
            self._layers.setdefault(id(layer), layer)
            self._layer_order.setdefault(id(layer), len(self._layer_order))
            layer_depths.setdefault(id(layer), 0)
            node_depths.setdefault(id(layer._inbound_nodes[node_index]), 0)
            finished.append(layer._inbound_nodes[node_index])
        nodes = {id(node): node for node in finished}
        self.node_ids = set(nodes)
        by_depth: defaultdict[int, list[Node]] = defaultdict(list)
        for node_id, node in nodes.items():
            by_depth[node_depths[node_id]].append(node)
        self.nodes: list[Node] = [
            node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]
        ]
        self.layers: list[Any] = [
            self._layers[key]
            for key in sorted(self._layers, key=lambda key: (-layer_depths[key], self._layer_order[key]))
        ]
        self._check_connected(inputs)
        self._check_names()

    def _walk(self, outputs: Sequence[Tensor]) -> list[Node]:
        """Visit nodes depth first; list each after those it reads."""
        finished: list[Node] = []
        done: set[int] = set()
        open_nodes: set[int] = set()
        # An explicit stack: models may be deeper than Python's own.
        for output in outputs:
            layer, node_index, _ = _history(output, _OUTPUT_ADVICE)
            stack = [(layer._inbound_nodes[node_index], False)]
            while stack:
                node, expanded = stack.pop()
                if expanded:
                    open_nodes.discard(id(node))
                    done.add(id(node))
                    finished.append(node)
                    continue
                if id(node) in done:
                    continue
                if id(node) in open_nodes:
                    raise RuntimeError(f"The graph has a cycle at layer {node.outbound_layer.name!r}.")
                open_nodes.add(id(node))
                layer = node.outbound_layer
                self._layers.setdefault(id(layer), layer)
                self._layer_order.setdefault(id(layer), len(self._layer_order))
                stack.append((node, True))
                for inbound, index in reversed(
                    list(zip(node.inbound_layers, node.node_indices, strict=True))
                ):
                    read = inbound._inbound_nodes[index]
                    if id(read) not in done:
                        stack.append((read, False))
        return finished

    @staticmethod
    def _measure(finished: list[Node]) -> tuple[dict[int, int], dict[int, int]]:
        node_depths: dict[int, int] = {}
        layer_depths: dict[int, int] = {}
        for node in reversed(finished):
            layer = node.outbound_layer
            depth = max(node_depths.get(id(node), 0), layer_depths.get(id(layer), 0))
            layer_depths[id(layer)] = node_depths[id(node)] = depth
            for inbound, index in zip(node.inbound_layers, node.node_indices, strict=True):
                read = id(inbound._inbound_nodes[index])
                node_depths[read] = max(depth + 1, node_depths.get(read, 0))
        return node_depths, layer_depths

    def _check_connected(self, inputs: Sequence[Tensor]) -> None:
        known = {id(tensor) for tensor in inputs}
        complete: list[str] = []
        for node in self.nodes:
            layer = node.outbound_layer
            if node.inbound_layers or not layer.built or type(layer).__name__ != "InputLayer":
                missing = [tensor for tensor in node.input_tensors if id(tensor) not in known]
                if missing:
                    self._refuse_disconnected(missing[0], layer, complete)
                complete.append(layer.name)
            elif id(node.output_tensors[0]) not in known:
                self._refuse_disconnected(node.output_tensors[0], layer, complete)
            known.update(id(tensor) for tensor in node.output_tensors)

    @staticmethod
    def _refuse_disconnected(tensor: Tensor, layer: Any, complete: list[str]) -> None:
        raise ValueError(
            f'Graph disconnected: cannot obtain value for tensor {tensor!r} at layer "{layer.name}". The '
            f"following previous layers were accessed without issue: {complete}. Name the tensor among the "
            "model's inputs, or leave out what depends on it."
        )

    def _check_names(self) -> None:
        counts = Counter(layer.name for layer in self.layers)
        for name, count in counts.items():
            if count > 1:
                raise ValueError(
                    f'The name "{name}" is used {count} times in the model. All layer names should be unique.'
                )


def _history(tensor: Any, advice: str) -> tuple[Any, int, int]:
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        raise ValueError(f"{advice} Found: {tensor!r}")
    return history

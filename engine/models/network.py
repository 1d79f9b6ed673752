"""A graph of layers that is itself a layer."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.graph import Node
from engine.layers.base import Layer, accepts_argument, to_list, unpack_singleton
from engine.layers.connections import unique
from engine.models.graph_map import GraphMap
from engine.models.network_config import network_from_config, network_to_config


class Network(Layer):
    """The layers between some inputs and outputs.

    Args:
        inputs: a tensor from `Input`, or a list of them.
        outputs: a tensor that layers made from them, or a list.
        name: a name.

    Raises:
        ValueError: the outputs can't be reached from the inputs, an input repeats, or two layers share a name.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self._init_graph(inputs, outputs)

    def _init_graph(self, inputs: Any, outputs: Any) -> None:
        self.inputs: list[Any] = to_list(inputs)
        self.outputs: list[Any] = to_list(outputs)
        if len(unique(self.inputs)) != len(self.inputs):
            raise ValueError(
                "The list of inputs passed to the model is redundant. All inputs should only appear once. "
                f"Found: {self.inputs}"
            )
        self._map = GraphMap(self.inputs, self.outputs)
        self._layers: list[Any] = self._map.layers
        histories = [tensor._keras_history for tensor in self.inputs]
        self.input_layers = [layer for layer, _, _ in histories]
        self._input_coordinates = histories
        self._output_coordinates = [tensor._keras_history for tensor in self.outputs]
        self.input_names = [layer.name for layer in self.input_layers]
        self.output_layers = [layer for layer, _, _ in self._output_coordinates]
        self.output_names = _number_repeats([layer.name for layer in self.output_layers])
        self._output_cache: dict[tuple[int, ...], tuple[list[Any], list[Any]]] = {}
        # Keeps the tensors alive whose ids are the cache's keys.
        self._cached_inputs: list[Any] = []
        masks = self._masks_of_outputs()
        self._output_cache[tuple(id(x) for x in self.inputs) + (0,) * len(self.inputs)] = (
            self.outputs,
            masks,
        )
        self._inbound_nodes = []
        Node(
            self,
            [],
            [],
            [],
            self.inputs,
            self.outputs,
            [None] * len(self.inputs),
            masks,
            [K.int_shape(x) for x in self.inputs],
            [K.int_shape(x) for x in self.outputs],
        )
        self.built = True
        self.supports_masking = False

    def _masks_of_outputs(self) -> list[Any]:
        return [
            layer._inbound_nodes[node_index].output_masks[tensor_index]
            for layer, node_index, tensor_index in self._output_coordinates
        ]

    @property
    def layers(self) -> list[Any]:
        """The layers, in the order of their depth."""
        return self._layers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """Return a layer by its name, or by its index where `index` is given.

        Raises:
            ValueError: there is none.
        """
        if index is not None:
            if len(self.layers) <= index:
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(self.layers)} layers."
                )
            return self.layers[index]
        if not name:
            raise ValueError("Provide either a layer name or layer index.")
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name}. The layers are: {[layer.name for layer in self.layers]}")

    # Weights, losses, updates: those of the layers.

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes."""
        if not self.trainable:
            return []
        return [weight for layer in self.layers for weight in layer.trainable_weights]

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other weights."""
        fixed = [weight for layer in self.layers for weight in layer.non_trainable_weights]
        if self.trainable:
            return fixed
        return [weight for layer in self.layers for weight in layer.trainable_weights] + fixed

    def get_weights(self) -> list[Any]:
        """Return the values of the weights as NumPy arrays, layer by layer."""
        return K.batch_get_value([weight for layer in self.layers for weight in layer.weights])

    def set_weights(self, weights: Any) -> None:
        """Set the values of the weights, in the order of `get_weights`.

        Raises:
            ValueError: their number or a shape is wrong.
        """
        variables = [weight for layer in self.layers for weight in layer.weights]
        if len(weights) != len(variables):
            raise ValueError(
                f"The model {self.name!r} has {len(variables)} weight arrays, but {len(weights)} were given."
            )
        K.batch_set_value(list(zip(variables, weights, strict=True)))

    @property
    def stateful(self) -> bool:
        """Whether a layer keeps state from batch to batch."""
        return any(layer.stateful for layer in self.layers)

    @stateful.setter
    def stateful(self, value: bool) -> None:
        """Accept the base's initial assignment; the layers decide."""

    def reset_states(self) -> None:
        """Forget the states of all stateful layers."""
        for layer in self.layers:
            if layer.stateful and hasattr(layer, "reset_states"):
                layer.reset_states()

    @property
    def state_updates(self) -> list[Any]:
        """The updates of stateful layers, which run when predicting too."""
        return [update for layer in self.layers if layer.stateful for update in layer.updates]

    @property
    def updates(self) -> list[Any]:
        """Assignments that run with each training step."""
        if not self.trainable and not self.stateful:
            return []
        return self._collect("updates", "get_updates_for")

    @property
    def losses(self) -> list[Any]:
        """Losses that layers add to the model's."""
        return self._collect("losses", "get_losses_for")

    def _collect(self, attribute: str, getter: str) -> list[Any]:
        found: list[Any] = []
        for layer in self.layers:
            if attribute == "updates" and not layer.trainable and not layer.stateful:
                continue
            for node in layer._inbound_nodes:
                if id(node) in self._map.node_ids:
                    found.extend(getattr(layer, getter)(node.input_tensors))
            found.extend(getattr(layer, getter)(None))
        found.extend(getattr(Layer, getter)(self, None))
        return unique(found)

    @property
    def uses_learning_phase(self) -> bool:
        """Whether the outputs differ between training and testing."""
        return any(tensor._uses_learning_phase for tensor in self.outputs)

    @property
    def input_spec(self) -> Any:
        """What the inputs must look like."""
        specs = [getattr(layer, "input_spec", None) for layer in getattr(self, "input_layers", [])]
        return unpack_singleton(specs) if any(specs) else None

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        """Accept the base's initial assignment; the input layers decide."""

    # Calls.

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Run the layers on other tensors."""
        outputs, _ = self._run(to_list(inputs), to_list(mask))
        return unpack_singleton(outputs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the masks of the outputs."""
        _, masks = self._run(to_list(inputs), to_list(mask))
        return unpack_singleton(masks)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' static shapes for other input shapes."""
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        if [tuple(shape) for shape in shapes] == [K.int_shape(tensor) for tensor in self.inputs]:
            return unpack_singleton([K.int_shape(tensor) for tensor in self.outputs])
        placeholders = [
            K.placeholder(shape, dtype=K.dtype(tensor))
            for shape, tensor in zip(shapes, self.inputs, strict=True)
        ]
        outputs, _ = self._run(placeholders, [None] * len(placeholders))
        return unpack_singleton([K.int_shape(tensor) for tensor in outputs])

    def _set_static_shapes(self, inputs: Any, outputs: Any) -> None:
        """Leave the shapes as the layers have set them."""

    def _run(self, inputs: list[Any], masks: list[Any]) -> tuple[list[Any], list[Any]]:
        """Call each layer again, for `inputs` in place of the model's own."""
        masks = masks if len(masks) == len(inputs) else [None] * len(inputs)
        key = tuple(id(x) for x in inputs) + tuple(0 if mask is None else id(mask) for mask in masks)
        if key in self._output_cache:
            return self._output_cache[key]
        computed = {id(old): (new, mask) for old, new, mask in zip(self.inputs, inputs, masks, strict=True)}
        self._cached_inputs.append((inputs, masks))
        for node in self._map.nodes:
            if node.inbound_layers:
                self._run_node(node, computed, inputs)
        results = [computed[id(tensor)] for tensor in self.outputs]
        self._output_cache[key] = ([tensor for tensor, _ in results], [mask for _, mask in results])
        return self._output_cache[key]

    def _run_node(self, node: Node, computed: dict[int, Any], inputs: list[Any]) -> None:
        layer = node.outbound_layer
        given = [computed[id(tensor)] for tensor in node.input_tensors]
        tensors = [tensor for tensor, _ in given]
        masks = unpack_singleton([mask for _, mask in given])
        arguments = dict(node.arguments)
        has_mask = any(mask is not None for mask in to_list(masks))
        if accepts_argument(layer.call, "mask") and has_mask:
            arguments.setdefault("mask", masks)
        with K.name_scope(layer.name):
            outputs = to_list(layer.call(unpack_singleton(tensors), **arguments))
            output_masks = to_list(layer.compute_mask(unpack_singleton(tensors), masks))
            layer._set_static_shapes(unpack_singleton(tensors), outputs)
        if len(output_masks) != len(outputs):
            output_masks = [output_masks[0]] * len(outputs)
        layer._regularize_activity(tensors, outputs)
        self.add_update(layer.get_updates_for(tensors), inputs)
        self.add_update(layer.get_updates_for(None))
        self.add_loss(layer.get_losses_for(tensors), inputs)
        self.add_loss(layer.get_losses_for(None))
        for old, new, mask in zip(node.output_tensors, outputs, output_masks, strict=True):
            computed[id(old)] = (new, mask)

    # Configuration.

    def get_config(self) -> dict[str, Any]:
        """Return the layers' configurations and how they are joined."""
        return network_to_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Make a model from its configuration.

        Raises:
            ValueError: the configuration is malformed, or names an unknown layer.
        """
        inputs, outputs, name = network_from_config(config, custom_objects)
        return cls(inputs=inputs, outputs=outputs, name=name)


def _number_repeats(names: list[str]) -> list[str]:
    """Append `_1`, `_2`... to names that came before."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, -1) + 1
        result.append(f"{name}_{counts[name]}" if counts[name] else name)
    return result

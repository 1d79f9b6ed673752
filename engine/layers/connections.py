"""What a layer is joined to: its nodes, the tensors they carry, and losses and updates that hang on them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.graph import Node


def _key(inputs: Any) -> tuple[int, ...] | None:
    if inputs is None:
        return None
    # No inputs at all, as an empty list, mean every call as well.
    return tuple(id(tensor) for tensor in (inputs if isinstance(inputs, (list, tuple)) else [inputs])) or None


class Connections:
    """The part of a layer that remembers its calls."""

    name: str

    def __init__(self) -> None:
        self._inbound_nodes: list[Node] = []
        self._outbound_nodes: list[Node] = []
        self._losses: list[Any] = []
        self._updates: list[Any] = []
        self._per_input_losses: dict[tuple[int, ...] | None, list[Any]] = {}
        self._per_input_updates: dict[tuple[int, ...] | None, list[Any]] = {}
        # Keeps the tensors alive whose ids are keys: a later tensor must not take over their id.
        self._keyed_inputs: list[Any] = []

    # Losses and updates.

    @property
    def losses(self) -> list[Any]:
        """Losses that the layer adds to its model's."""
        return self._losses

    @property
    def updates(self) -> list[Any]:
        """Assignments that run with each training step."""
        return (
            []
            if not getattr(self, "trainable", True) and not getattr(self, "stateful", False)
            else (self._updates)
        )

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add losses to the model's.

        Args:
            losses: a scalar tensor or several.
            inputs: the tensors that they depend on; None where they hold for every call.
        """
        self._add(losses, inputs, self._losses, self._per_input_losses)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Add assignments that run with each training step.

        Args:
            updates: what `K.update` and its kin return, one or several.
            inputs: the tensors that they depend on; None where they hold for every call.
        """
        self._add(updates, inputs, self._updates, self._per_input_updates)

    def _add(self, items: Any, inputs: Any, all_items: list[Any], per_input: dict[Any, list[Any]]) -> None:
        # A tuple is one (variable, value) pair.
        items = list(items) if isinstance(items, list) else [] if items is None else [items]
        all_items.extend(items)
        if items and inputs is not None:
            self._keyed_inputs.append(inputs)
        known = per_input.setdefault(_key(inputs), [])
        known.extend(item for item in items if all(item is not other for other in known))

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """Return the losses that depend on `inputs`; those that hold for every call for None."""
        return list(self._per_input_losses.get(_key(inputs), ()))

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """Return the updates that depend on `inputs`; those that hold for every call for None."""
        return list(self._per_input_updates.get(_key(inputs), ()))

    # Tensors of calls.

    def _attribute_at(self, node_index: int, attribute: str, word: str) -> Any:
        if not self._inbound_nodes:
            raise RuntimeError(f"The layer {self.name} has never been called and thus has no defined {word}.")
        if node_index >= len(self._inbound_nodes):
            raise ValueError(
                f"Asked to get {word} at node {node_index}, but the layer has only "
                f"{len(self._inbound_nodes)} inbound nodes."
            )
        values = getattr(self._inbound_nodes[node_index], attribute)
        return values[0] if len(values) == 1 else values

    def _only_attribute(self, attribute: str, word: str) -> Any:
        if not self._inbound_nodes:
            raise AttributeError(
                f"Layer {self.name} is not connected, no {word} to return: it was never called on a tensor."
            )
        if len(self._inbound_nodes) > 1:
            raise AttributeError(
                f'Layer {self.name} has multiple inbound nodes, hence the notion of "layer {word}" is '
                f"ill-defined. Use `get_{word.replace(' ', '_')}_at(node_index)` instead."
            )
        return self._attribute_at(0, attribute, word)

    def _only_shape(self, attribute: str, word: str) -> Any:
        if not self._inbound_nodes:
            raise AttributeError(f"The layer has never been called and thus has no defined {word}.")
        first = getattr(self._inbound_nodes[0], attribute)
        if any(getattr(node, attribute) != first for node in self._inbound_nodes):
            raise AttributeError(
                f'The layer "{self.name}" has multiple inbound nodes, with different {word}s. Hence the '
                f'notion of "{word}" is ill-defined for the layer. Use '
                f"`get_{word.replace(' ', '_')}_at(node_index)` instead."
            )
        return self._attribute_at(0, attribute, word)

    def get_input_at(self, node_index: int) -> Any:
        """Return the input tensor or tensors of a call."""
        return self._attribute_at(node_index, "input_tensors", "input")

    def get_output_at(self, node_index: int) -> Any:
        """Return the output tensor or tensors of a call."""
        return self._attribute_at(node_index, "output_tensors", "output")

    def get_input_shape_at(self, node_index: int) -> Any:
        """Return the input shape or shapes of a call."""
        return self._attribute_at(node_index, "input_shapes", "input shape")

    def get_output_shape_at(self, node_index: int) -> Any:
        """Return the output shape or shapes of a call."""
        return self._attribute_at(node_index, "output_shapes", "output shape")

    def get_input_mask_at(self, node_index: int) -> Any:
        """Return the input mask or masks of a call."""
        return self._attribute_at(node_index, "input_masks", "input mask")

    def get_output_mask_at(self, node_index: int) -> Any:
        """Return the output mask or masks of a call."""
        return self._attribute_at(node_index, "output_masks", "output mask")

    @property
    def input(self) -> Any:
        """The input of the only call."""
        return self._only_attribute("input_tensors", "input")

    @property
    def output(self) -> Any:
        """The output of the only call."""
        return self._only_attribute("output_tensors", "output")

    @property
    def input_mask(self) -> Any:
        """The input mask of the only call."""
        return self._only_attribute("input_masks", "input mask")

    @property
    def output_mask(self) -> Any:
        """The output mask of the only call."""
        return self._only_attribute("output_masks", "output mask")

    @property
    def input_shape(self) -> Any:
        """The input shape, where all calls agree."""
        return self._only_shape("input_shapes", "input shape")

    @property
    def output_shape(self) -> Any:
        """The output shape, where all calls agree."""
        return self._only_shape("output_shapes", "output shape")


def unique(items: Iterable[Any]) -> list[Any]:
    """Return the items without repeats of the same object, in order."""
    return list({id(item): item for item in items}.values())

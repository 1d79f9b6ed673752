"""The wrapper that reads sequences in both directions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from engine import backend as K
from engine.layers.base import accepts_argument, to_list
from engine.layers.recurrent.arguments import split_inputs
from engine.layers.registry import deserialize, register_layer, serialize
from engine.layers.wrappers.base import Wrapper
from engine.registry import custom_object_scope

_MERGES: dict[Any, Callable[[Any, Any], Any]] = {
    "sum": lambda forward, backward: forward + backward,
    "mul": lambda forward, backward: forward * backward,
    "ave": lambda forward, backward: (forward + backward) / 2,
    "concat": lambda forward, backward: K.concatenate([forward, backward]),
    None: lambda forward, backward: [forward, backward],
}


def _mirror(layer: Any) -> Any:
    """Return a copy of a recurrent layer that reads the other way."""
    config = layer.get_config()
    config["go_backwards"] = not config["go_backwards"]
    # Copies are made whoever wrote the cell.
    cell = getattr(layer, "cell", None)
    cells = {type(one).__name__: type(one) for one in getattr(cell, "cells", [cell]) if one is not None}
    with custom_object_scope(cells):
        mirrored = type(layer).from_config(config)
    mirrored.name = f"backward_{layer.name}"
    return mirrored


def _check_pair(forward: Any, backward: Any) -> None:
    """Compare the layers of both directions.

    Raises:
        ValueError: they read the same way, or give results of different kinds.
    """
    if forward.go_backwards == backward.go_backwards:
        raise ValueError("`layer` and `backward_layer` of Bidirectional must differ in `go_backwards`.")
    for name in ("return_sequences", "return_state", "stateful"):
        if getattr(forward, name) != getattr(backward, name):
            raise ValueError(f"`layer` and `backward_layer` of Bidirectional must agree in `{name}`.")


@register_layer()
class Bidirectional(Wrapper):
    """Run a recurrent layer and a copy of it that reads backwards, and join what they give.

    Args:
        layer: a recurrent layer.
        merge_mode: `sum`, `mul`, `concat`, `ave`, or None for both outputs.
        weights: first values of the weights, those of the forward layer first.
        backward_layer: a recurrent layer of its own to read backwards, in place of the copy; of later lines of Keras.

    Shapes:
        As the layer's; the last axis is doubled with `concat`.

    Raises:
        ValueError: the mode is unknown, a layer is not recurrent, or the two do not fit each other.
    """

    supports_masking = True

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        if merge_mode not in _MERGES:
            raise ValueError(
                'Invalid merge mode. Merge mode should be one of {"sum", "mul", "ave", "concat", None}. '
                f"Received: {merge_mode!r}"
            )
        for wrapped in (layer, layer if backward_layer is None else backward_layer):
            if not hasattr(wrapped, "go_backwards"):
                raise ValueError(f"Bidirectional wraps a recurrent layer. Received: {type(wrapped).__name__}")
        self.forward_layer = copy.copy(layer)
        self.forward_layer.name = f"forward_{layer.name}"
        self._is_mirrored = backward_layer is None
        self.backward_layer = _mirror(layer) if backward_layer is None else backward_layer
        _check_pair(self.forward_layer, self.backward_layer)
        self.merge_mode = merge_mode
        super().__init__(layer, **kwargs)
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.input_spec = layer.input_spec
        self._num_constants: int | None = None
        if weights is not None:
            self._initial_weights = weights

    @property
    def _wrapped(self) -> list[Any]:
        return [self.forward_layer, self.backward_layer]

    def set_weights(self, weights: Any) -> None:
        """Set the values of the weights, those of the forward layer first."""
        count = len(self.forward_layer.weights)
        self.forward_layer.set_weights(weights[:count])
        self.backward_layer.set_weights(weights[count:])

    def build(self, input_shape: Any) -> None:
        """Build both layers."""
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        count = (len(shapes) - 1 - (self._num_constants or 0)) // 2
        constants = shapes[1 + 2 * count :]
        for number, layer in enumerate(self._wrapped):
            states = shapes[1 + number * count : 1 + (number + 1) * count]
            own = [shapes[0], *states, *constants]
            layer._num_constants = self._num_constants
            with K.name_scope(layer.name):
                layer.build(own if len(own) > 1 else own[0])
                layer.built = True
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the joined outputs, and of all states where they are given."""
        shapes = self.forward_layer.compute_output_shape(input_shape)
        output_shape, states = (shapes[0], shapes[1:]) if self.return_state else (shapes, [])
        if self.merge_mode is None:
            outputs = [output_shape, output_shape]
        else:
            own = self.backward_layer.compute_output_shape(input_shape)
            further = (own[0] if self.return_state else own)[-1] if self.merge_mode == "concat" else 0
            outputs = [(*output_shape[:-1], output_shape[-1] + further)]
        return [*outputs, *states, *states] if len(outputs) > 1 or self.return_state else outputs[0]

    def __call__(self, inputs: Any, initial_state: Any = None, constants: Any = None, **kwargs: Any) -> Any:
        """Call the layer.

        Args:
            inputs: the sequences, or a list of them, the initial states and the constants.
            initial_state: the states before the first step, those of the forward layer first.
            constants: tensors passed to each step.
            kwargs: `mask` and `training`.

        Raises:
            ValueError: the states can't be halved, or some of them come from layers and some do not.
        """
        inputs, states, fixed = split_inputs(inputs, initial_state, constants, self._num_constants)
        if states is not None and len(states) % 2:
            raise ValueError(
                "When passing `initial_state` to a Bidirectional RNN, the state should be a list containing "
                f"the states of both underlying RNNs. Found {len(states)} tensors."
            )
        if fixed is not None:
            self._num_constants = len(fixed)
        further = [*(states or ()), *(fixed or ())]
        from_layers = {K.is_keras_tensor(x) for x in further}
        if len(from_layers) > 1:
            raise ValueError(
                "The initial state or constants of a Bidirectional layer cannot be specified with a mix of "
                "Keras tensors and non-Keras tensors."
            )
        if from_layers == {True}:
            own = self.input_spec
            self.input_spec = [*to_list(own)[:1], *[None] * len(further)]
            try:
                return super().__call__([inputs, *further], **kwargs)
            finally:
                self.input_spec = own
        if further:
            kwargs.update(initial_state=states, constants=fixed)
        return super().__call__(inputs, **kwargs)

    def call(
        self,
        inputs: Any,
        training: Any = None,
        mask: Any = None,
        initial_state: Any = None,
        constants: Any = None,
    ) -> Any:
        """Return the joined outputs, and the last states of both layers where they are asked for."""
        given = inputs
        inputs, states, fixed = split_inputs(inputs, initial_state, constants, self._num_constants)
        self._inner_inputs[tuple(id(x) for x in to_list(given))] = inputs
        half = len(states or ()) // 2
        results = []
        for number, layer in enumerate(self._wrapped):
            arguments: dict[str, Any] = {"mask": to_list(mask)[0]}
            if accepts_argument(layer.call, "training"):
                arguments["training"] = training
            if states is not None:
                arguments["initial_state"] = states[number * half : (number + 1) * half]
            if fixed is not None:
                arguments["constants"] = fixed
            results.append(to_list(layer.call(inputs, **arguments)))
        (forward, *forward_states), (backward, *backward_states) = results
        if self.return_sequences:
            backward = K.reverse(backward, 1)
        output = _MERGES[self.merge_mode](forward, backward)
        return [*to_list(output), *forward_states, *backward_states] if self.return_state else output

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the input's mask where all steps are given; no mask for states."""
        output_mask = to_list(mask)[0] if self.return_sequences else None
        masks = [output_mask] * (2 if self.merge_mode is None else 1)
        if self.return_state:
            masks += [None] * (2 * len(self.forward_layer.state_sizes))
        return masks if len(masks) > 1 else masks[0]

    def reset_states(self) -> None:
        """Set the states that are kept from batch to batch to zeros."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        config = {**super().get_config(), "merge_mode": self.merge_mode}
        if not self._is_mirrored:
            config["backward_layer"] = serialize(self.backward_layer)
        if self._num_constants is not None:
            config["num_constants"] = self._num_constants
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Make the layer from its configuration."""
        config = dict(config)
        count = config.pop("num_constants", None)
        if config.get("backward_layer") is not None:
            config["backward_layer"] = deserialize(config["backward_layer"], custom_objects)
        layer = super().from_config(config, custom_objects)
        layer._num_constants = count
        return layer

"""The base of recurrent layers before there were cells: a layer that says itself what a step is."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine.layers.base import Layer
from engine.layers.description import describe
from engine.layers.recurrent.base import RNN


class _NoCell:
    """Stands where `RNN` keeps its cell."""

    state_size = None

    def call(self, inputs: Any, states: list[Any]) -> Any:
        """Refuse: the layer makes the steps."""
        raise TypeError("A `Recurrent` layer has no cell; it makes its steps by `step`.")


class Recurrent(RNN):
    """Run a layer's own `step` over the steps of a sequence.

    A layer of one's own sets `units` and, where it keeps more than one, `states`, and overrides `build` to make its
    weights and `step(inputs, states)` to give the output and the new states; constants follow the states. New layers
    are better made as a cell for `RNN`.

    Args:
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.
        implementation: free for the layer's own use.

    Shapes:
        As for `RNN`.
    """

    def __init__(
        self,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        implementation: int = 0,
        **kwargs: Any,
    ) -> None:
        self.units: int
        self._state_count = 1
        super().__init__(_NoCell(), return_sequences, return_state, go_backwards, stateful, unroll, **kwargs)
        self.implementation = implementation

    # What subclasses override.

    def step(self, inputs: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Return the output and the new states of one step.

        Args:
            inputs: one step of what `preprocess_input` gave.
            states: the states before it, followed by the constants.
        """
        raise TypeError(f"{type(self).__name__} must define `step(inputs, states)`.")

    def get_constants(self, inputs: Any, training: Any = None) -> list[Any]:
        """Return tensors that are the same for all steps."""
        return []

    def preprocess_input(self, inputs: Any, training: Any = None) -> Any:
        """Return what is cut into steps."""
        return inputs

    # States: as many as `states` has, each of the output's size.

    @property
    def state_sizes(self) -> list[Any]:
        """Sizes of the states."""
        return [self.units] * self._state_count

    @property
    def states(self) -> list[Any]:
        """The states kept from batch to batch; None each where none are."""
        return [None] * self._state_count if self._states is None else self._states

    @states.setter
    def states(self, states: list[Any]) -> None:
        """Keep other states, or as many that are made when they are needed."""
        self._state_count = len(states)
        self._states = None if any(state is None for state in states) else list(states)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = None,
        initial_state: Any = None,
        constants: Any = None,
    ) -> Any:
        """Return the outputs, and the last states where they are asked for."""
        if self.stateful and self._states is None:
            self.reset_states()
        return super().call(inputs, mask, training, initial_state, constants)

    def _iterate(
        self, inputs: Any, states: list[Any] | None, mask: Any, training: Any, constants: list[Any] | None
    ) -> tuple[Any, Any, list[Any]]:
        return K.rnn(
            self.step,
            self.preprocess_input(inputs, training=training),
            self.get_initial_state(inputs) if states is None else states,
            constants=self.get_constants(inputs, training=training),
            go_backwards=self.go_backwards,
            mask=mask,
            unroll=self.unroll,
            input_length=K.int_shape(inputs)[1],
        )

    # Weights are the layer's own.

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes."""
        return self._trainable_weights if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other weights."""
        return [*(() if self.trainable else self._trainable_weights), *self._non_trainable_weights]

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        names = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "implementation")
        return {**Layer.get_config(self), **describe(self, *names)}

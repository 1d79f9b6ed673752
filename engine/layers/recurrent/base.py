"""The base of recurrent layers: any cell, run over the steps of a sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine import backend as K
from engine.backend.recurrence import zero_state
from engine.layers.base import InputSpec, Layer, accepts_argument, to_list
from engine.layers.description import describe
from engine.layers.recurrent.arguments import split_inputs
from engine.layers.recurrent.cell import RecurrentCell
from engine.layers.recurrent.stacked import StackedRNNCells
from engine.layers.registry import deserialize, register_layer


@register_layer()
class RNN(Layer):
    """Run a cell over the steps of a sequence.

    A cell has `call(input_at_t, states_at_t)`, which gives the output and the new states, and `state_size`:
    the size of its state, or a list of sizes of which the first is the output's. It may take `constants`.

    Args:
        cell: a cell, or a list of cells that are stacked.
        return_sequences: whether to give the outputs of all steps rather than the last one's.
        return_state: whether to give the last states too.
        go_backwards: whether to begin at the last step; all outputs then come in that order.
        stateful: whether a batch begins with the states that the one before ended with.
        unroll: whether the number of steps is fixed when the model is made.
        kwargs: as for `Layer`; and tf.keras's `time_major`, which can only be False.

    Shapes:
        `(batch, steps, input_dim)` to `(batch, units)`, or with `return_sequences` `(batch, steps, units)`;
        with `return_state` followed by the states, `(batch, units)` each.

    Raises:
        ValueError: the cell lacks `call` or `state_size`, or steps come before the batch.
    """

    supports_masking = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        **kwargs: Any,
    ) -> None:
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(list(cell))
        if not hasattr(cell, "call"):
            raise ValueError(f"`cell` should have a `call` method. The RNN was passed: {cell!r}")
        if not hasattr(cell, "state_size"):
            raise ValueError(
                f"The RNN cell {cell!r} should have an attribute `state_size` (integer or list of integers, "
                "one a state)."
            )
        if kwargs.pop("time_major", False):
            raise ValueError(
                "Sequences have the batch first in Keras 2.1.6, and `time_major=True` is not supported: exchange the "
                "first two axes by a `Lambda` layer with `K.permute_dimensions`."
            )
        if "input_shape" not in kwargs and "input_dim" in kwargs:
            kwargs["input_shape"] = (kwargs.pop("input_length", None), kwargs.pop("input_dim"))
        self.cell = cell
        super().__init__(**kwargs)
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.input_spec = [InputSpec(ndim=3)]
        self.state_spec: Any = None
        self.constants_spec: Any = None
        self._states: Any = None
        self._num_constants: int | None = None

    @property
    def state_sizes(self) -> list[Any]:
        """Sizes of the states."""
        return to_list(self.cell.state_size)

    @property
    def states(self) -> list[Any]:
        """The states kept from batch to batch; None each where none are."""
        return [None] * len(self.state_sizes) if self._states is None else self._states

    @states.setter
    def states(self, states: list[Any]) -> None:
        """Keep other states."""
        self._states = states

    # Shapes and masks.

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output, and of the states where they are given."""
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        sizes = self.state_sizes
        steps = (input_shape[1],) if self.return_sequences else ()
        output_shape = (input_shape[0], *steps, sizes[0])
        if not self.return_state:
            return output_shape
        return [output_shape, *((input_shape[0], size) for size in sizes)]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the input's mask where all steps are given; no mask for states."""
        output_mask = to_list(mask)[0] if self.return_sequences else None
        return [output_mask, *[None] * len(self.state_sizes)] if self.return_state else output_mask

    # Building.

    def build(self, input_shape: Any) -> None:
        """Build the cell.

        Raises:
            ValueError: the initial states do not fit it, or there are constants and it does not take any.
        """
        constants = list(input_shape[-self._num_constants :]) if self._num_constants else []
        if constants:
            self._check_takes_constants()
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        batch_size = input_shape[0] if self.stateful else None
        self.input_spec[0] = InputSpec(shape=(batch_size, None, *input_shape[2:]))
        if isinstance(self.cell, Layer):
            step_shape = (input_shape[0], *input_shape[2:])
            self.cell.build([step_shape, *constants] if constants else step_shape)
            self.cell.built = True
        self._check_state_spec()
        if self.stateful:
            self.reset_states()
        self.built = True

    def _check_takes_constants(self) -> None:
        if not accepts_argument(self.cell.call, "constants"):
            raise ValueError(f"The RNN cell {self.cell!r} does not support constants")

    def _check_state_spec(self) -> None:
        if self.state_spec is None:
            self.state_spec = [InputSpec(shape=(None, size)) for size in self.state_sizes]
            return
        found = [spec.shape[-1] for spec in self.state_spec]
        if found != self.state_sizes:
            raise ValueError(
                "An `initial_state` was passed that is not compatible with `cell.state_size`. Received sizes "
                f"{found}; however `cell.state_size` is {self.cell.state_size}"
            )

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """Return states of zeros for a batch of inputs."""
        states = {size: zero_state(inputs, size) for size in self.state_sizes}
        return [states[size] for size in self.state_sizes]

    # Calls.

    def __call__(self, inputs: Any, initial_state: Any = None, constants: Any = None, **kwargs: Any) -> Any:
        """Call the layer.

        Args:
            inputs: the sequences, or a list of them, the initial states and the constants.
            initial_state: the states before the first step, one or a list.
            constants: tensors passed to each step, one or a list.
            kwargs: `mask` and `training`.

        Raises:
            ValueError: some of the states and constants come from layers and some do not.
        """
        inputs, states, fixed = split_inputs(inputs, initial_state, constants, self._num_constants)
        if fixed is not None:
            self._num_constants = len(fixed)
            self.constants_spec = [InputSpec(shape=K.int_shape(x)) for x in fixed]
        if states is not None:
            self.state_spec = [InputSpec(shape=K.int_shape(x)) for x in states]
        further = [*(states or ()), *(fixed or ())]
        from_layers = {K.is_keras_tensor(x) for x in further}
        if len(from_layers) > 1:
            raise ValueError(
                "The initial state or constants of an RNN layer cannot be specified with a mix of Keras "
                "tensors and non-Keras tensors (a Keras tensor is one that a layer or `Input` returned)."
            )
        if from_layers == {True}:
            return self._call_with_specs(
                [inputs, *further],
                [*(self.state_spec if states else ()), *(self.constants_spec or ())],
                kwargs,
            )
        if further:
            kwargs.update(initial_state=states, constants=fixed)
        return super().__call__(inputs, **kwargs)

    def _call_with_specs(self, inputs: list[Any], specs: list[Any], kwargs: dict[str, Any]) -> Any:
        self.input_spec = [self.input_spec[0], *specs]
        try:
            return super().__call__(inputs, **kwargs)
        finally:
            self.input_spec = self.input_spec[:1]

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = None,
        initial_state: Any = None,
        constants: Any = None,
    ) -> Any:
        """Return the outputs, and the last states where they are asked for.

        Raises:
            ValueError: the states do not fit the cell, or unrolling is asked of an unknown number of steps.
        """
        given = inputs
        inputs, states, fixed = split_inputs(inputs, initial_state, constants, self._num_constants)
        mask = to_list(mask)[0]
        if states is None and self.stateful:
            states = self.states
        elif states is None and not self._starts_at_zero():
            states = self.get_initial_state(inputs)
        if states is not None and len(states) != len(self.state_sizes):
            raise ValueError(
                f"Layer {self.name} has {len(self.state_sizes)} states but was passed {len(states)} initial "
                "states."
            )
        timesteps = K.int_shape(inputs)[1]
        if self.unroll and timesteps in (None, 1):
            raise ValueError(
                f"Cannot unroll {self.name} if the time dimension is undefined or equal to 1. Give the first "
                "layer a fixed number of steps, by `input_shape` or `batch_shape`."
            )
        last_output, outputs, news = self._iterate(inputs, states, mask, training, fixed)
        if self.stateful:
            self.add_update([K.update(old, new) for old, new in zip(self.states, news, strict=True)], given)
        output = outputs if self.return_sequences else last_output
        return [output, *news] if self.return_state else output

    def _starts_at_zero(self) -> bool:
        """Tell whether no subclass has a first state of its own."""
        return type(self).get_initial_state.__module__.startswith("engine.layers.")

    def _iterate(
        self, inputs: Any, states: list[Any] | None, mask: Any, training: Any, constants: list[Any] | None
    ) -> tuple[Any, Any, list[Any]]:
        """Return the last output, all outputs and the last states; the first ones are zeros for None."""
        cell, given = self.cell, inputs
        draws = isinstance(cell, (RecurrentCell, StackedRNNCells))
        if draws:
            cell.draw_dropout_masks(inputs, training)
        results = None
        # A subclass that overrides `call` wants it to be called.
        if type(cell).call is RecurrentCell.call and not constants:
            results = self._run_cell(inputs, states, mask)
            if results is None:
                step, inputs = cell.advance, cell.project(inputs)
        else:
            step = self._make_step(training, constants)
        if results is None:
            results = K.rnn(
                step,
                inputs,
                self.get_initial_state(given) if states is None else states,
                constants=constants,
                go_backwards=self.go_backwards,
                mask=mask,
                unroll=self.unroll,
                input_length=K.int_shape(inputs)[1],
            )
        if draws:
            cell.forget_dropout_masks()
        return results

    def _run_cell(
        self, inputs: Any, states: list[Any] | None, mask: Any
    ) -> tuple[Any, Any, list[Any]] | None:
        """Return what `K.rnn` does, where the cell can run all steps at once."""
        if self.unroll and mask is not None:
            # Keras's masked outputs begin with zeros then, whatever the first state.
            return None
        if self.go_backwards:
            inputs = K.reverse(inputs, 1)
            mask = None if mask is None else K.reverse(mask, 1)
        return self.cell.run(inputs, [None] * len(self.state_sizes) if states is None else states, mask)

    def _make_step(self, training: Any, constants: list[Any] | None) -> Callable[..., Any]:
        """Return a function of one step's input and the states before it, followed by the constants."""
        cell = self.cell
        arguments = {"training": training} if accepts_argument(cell.call, "training") else {}
        if not constants:
            return lambda x, states: cell.call(x, states, **arguments)
        self._check_takes_constants()
        count = len(constants)
        return lambda x, states: cell.call(x, states[:-count], constants=states[-count:], **arguments)

    # States.

    def reset_states(self, states: Any = None) -> None:
        """Set the states that are kept from batch to batch.

        Args:
            states: NumPy arrays (batch, size), one or a list; zeros by default.

        Raises:
            AttributeError: the layer is not stateful.
            ValueError: the size of the batch is unknown, or the arrays do not fit.
        """
        if not self.stateful:
            raise AttributeError("Layer must be stateful.")
        shapes = self._state_shapes()
        if self._states is None:
            self._states = [K.zeros(shape) for shape in shapes]
        values = [np.zeros(shape) for shape in shapes] if states is None else to_list(states)
        if len(values) != len(shapes):
            raise ValueError(
                f"Layer {self.name} expects {len(shapes)} states, but it received {len(values)} state "
                f"values. Input received: {states}"
            )
        for number, (state, value, shape) in enumerate(zip(self._states, values, shapes, strict=True)):
            if np.shape(value) != shape:
                raise ValueError(
                    f"State {number} is incompatible with layer {self.name}: expected shape={shape}, found "
                    f"shape={np.shape(value)}"
                )
            K.set_value(state, value)

    def _state_shapes(self) -> list[tuple[int, ...]]:
        batch_size = self.input_spec[0].shape[0] if self.input_spec[0].shape else None
        if not batch_size:
            raise ValueError(
                "If a RNN is stateful, it needs to know its batch size. Specify the batch size of your input "
                "tensors: with a Sequential model, by passing a `batch_input_shape` argument to your first "
                "layer; with the functional API, by passing a `batch_shape` argument to your Input layer."
            )
        return [(batch_size, size) for size in self.state_sizes]

    # Weights and losses are the cell's.

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes."""
        return self.cell.trainable_weights if self.trainable and isinstance(self.cell, Layer) else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other weights."""
        if not isinstance(self.cell, Layer):
            return []
        return self.cell.non_trainable_weights if self.trainable else self.cell.weights

    @property
    def losses(self) -> list[Any]:
        """Losses that the layer adds to its model's."""
        return [*(self.cell.losses if isinstance(self.cell, Layer) else ()), *super().losses]

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """Return the losses that depend on `inputs`; those that hold for every call for None."""
        cell_losses = self.cell.get_losses_for(inputs) if isinstance(self.cell, Layer) else []
        return [*cell_losses, *super().get_losses_for(inputs)]

    # Configuration.

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes the layer from."""
        config = {
            **super().get_config(),
            **describe(self, "return_sequences", "return_state", "go_backwards", "stateful", "unroll"),
        }
        if self._num_constants is not None:
            config["num_constants"] = self._num_constants
        config["cell"] = {"class_name": type(self.cell).__name__, "config": self.cell.get_config()}
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Make the layer from its configuration."""
        config = dict(config)
        count = config.pop("num_constants", None)
        if "cell" in config:
            config["cell"] = deserialize(config["cell"], custom_objects)
        layer = cls(**config)
        layer._num_constants = count
        return layer

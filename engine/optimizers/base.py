"""The base of all optimizers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine import backend as K
from engine.backend import optimization

_KNOWN_ARGUMENTS = ("clipnorm", "clipvalue")


class Optimizer:
    """Makes the updates that let weights follow their gradients.

    An optimizer of one's own overrides `get_updates`, returning what `K.update` gives for each weight and for
    its own variables, and `get_config`.

    Args:
        clipnorm: the largest L2 norm of all gradients together; they are scaled down to it.
        clipvalue: the largest absolute value of an element of a gradient.
        clipnorm_of_each: the largest L2 norm of each gradient; not in Keras 2.1.6.

    Raises:
        TypeError: an argument is unknown.
    """

    # Those of the arguments that Keras 2.1.6 lacks which the class takes.
    later_arguments: tuple[str, ...] = ("clipnorm_of_each",)
    # Names of the scalar variables that, with the slots, make up all that an optimizer remembers.
    _scalars: tuple[str, ...] = (
        "iterations",
        "lr",
        "decay",
        "momentum",
        "rho",
        "beta_1",
        "beta_2",
        "m_schedule",
    )

    def __init__(self, **kwargs: Any) -> None:
        for argument in kwargs:
            if argument not in (*_KNOWN_ARGUMENTS, *self.later_arguments):
                raise TypeError(f"Unexpected keyword argument passed to optimizer: {argument}")
        self.__dict__.update(kwargs)
        self.updates: list[Any] = []
        self.weights: list[Any] = []

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the updates of one training step.

        Args:
            loss: the scalar to make small.
            params: the variables to change.

        Raises:
            TypeError: the class doesn't say how.
        """
        raise TypeError(f"{type(self).__name__} must define `get_updates(loss, params)`.")

    def get_gradients(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """Return the derivatives of the loss with respect to each of `params`, clipped as asked."""
        gradients = K.gradients(loss, list(params))
        clipnorm, clipvalue = getattr(self, "clipnorm", None), getattr(self, "clipvalue", None)
        if gradients and clipnorm is not None and clipnorm > 0:
            gradients = optimization.clip_by_global_norm(gradients, float(clipnorm))
        largest = getattr(self, "clipnorm_of_each", None)
        if gradients and largest is not None and largest > 0:
            gradients = optimization.clip_each_by_norm(gradients, float(largest))
        if gradients and clipvalue is not None and clipvalue > 0:
            gradients = optimization.clip_by_value(gradients, float(clipvalue))
        return gradients

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set what `get_weights` returned.

        Raises:
            ValueError: the number of arrays or a shape is another one.
        """
        if len(weights) != len(self.weights):
            raise ValueError(
                f"The optimizer {type(self).__name__} has {len(self.weights)} weights, but {len(weights)} "
                "arrays were given. Its weights come to be with the model's training function."
            )
        K.batch_set_value(list(zip(self.weights, weights, strict=True)))

    def get_weights(self) -> list[np.ndarray]:
        """Return the values of the optimizer's weights as NumPy arrays, in the order of `weights`."""
        return K.batch_get_value(self.weights)

    def get_state(self) -> dict[str, np.ndarray]:
        """Return all that the optimizer remembers as NumPy arrays by name, for an exact continuation.

        That is more than `get_weights`: the learning rate and what Keras's files leave out (the iterations of
        RMSprop, Adagrad and Adadelta, Nadam's `m_schedule`).
        """
        return {name: K.get_value(variable) for name, variable in self._list_variables().items()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Set what `get_state` returned.

        Raises:
            ValueError: the state belongs to another optimizer or to other weights.
        """
        variables = self._list_variables()
        if set(variables) != set(state):
            raise ValueError(
                f"The state doesn't belong to this {type(self).__name__}: it has {sorted(state)}, but "
                f"{sorted(variables)} is wanted. Weights come to be with the model's training function."
            )
        K.batch_set_value([(variable, state[name]) for name, variable in variables.items()])

    def _list_variables(self) -> dict[str, Any]:
        scalars = {name: getattr(self, name, None) for name in self._scalars}
        found = {name: variable for name, variable in scalars.items() if K.is_tensor(variable)}
        known = {id(variable) for variable in found.values()}
        slots = [variable for variable in self.weights if id(variable) not in known]
        return found | {f"slot_{number}": variable for number, variable in enumerate(slots)}

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` takes."""
        names = (*_KNOWN_ARGUMENTS, *self.later_arguments)
        return {name: getattr(self, name) for name in names if name in self.__dict__}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Make an optimizer from its configuration; its weights are not part of it."""
        return cls(**config)


class ScheduledOptimizer(Optimizer):
    """What the built-in optimizers share: a learning rate, a count of steps, one step for all weights.

    Args:
        lr: the learning rate.
        decay: makes the learning rate `lr / (1 + decay * iterations)`; None for optimizers without it.
        kwargs: `clipnorm` or `clipvalue`.
    """

    def __init__(self, lr: float, decay: float | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.initial_decay = decay
        self.iterations = self._make_scalar(0, "iterations", dtype="int64")
        self.lr = self._make_scalar(lr, "lr")
        if decay is not None:
            self.decay = self._make_scalar(decay, "decay")

    def __setattr__(self, name: str, value: Any) -> None:
        """Let `optimizer.lr = 0.01` change the variable's value, so that it counts before and during training."""
        variable: Any = self.__dict__.get(name)
        if isinstance(value, (int, float, np.number)) and K.is_tensor(variable):
            K.set_value(variable, value)
        else:
            super().__setattr__(name, value)

    def _make_scalar(self, value: float, name: str, dtype: str | None = None) -> Any:
        with K.name_scope(type(self).__name__):
            return K.variable(value, dtype=dtype, name=name)

    @staticmethod
    def _make_slots(params: Sequence[Any], start: float = 0.0) -> list[Any]:
        if start:
            return [K.variable(np.full(K.int_shape(p), start), K.dtype(p), "Variable") for p in params]
        return [K.zeros(K.int_shape(p), dtype=K.dtype(p), name="Variable") for p in params]

    def _make_updates(
        self,
        step: Callable[..., None],
        loss: Any,
        params: Sequence[Any],
        slots: list[list[Any]],
        **settings: Any,
    ) -> list[Any]:
        """Return the one update that runs `step` on all weights."""
        effect = K.mutate(
            optimization.apply_step,
            step,
            list(params),
            self.get_gradients(loss, params),
            slots,
            self.iterations,
            self.lr,
            self.decay if self.initial_decay else None,
            [(p, p.constraint) for p in params if getattr(p, "constraint", None) is not None],
            settings,
        )
        self.updates = [effect]
        return self.updates

    def _describe(self, *names: str, **further: Any) -> dict[str, Any]:
        """Return the values of scalar variables by name, then what every optimizer's configuration has."""
        values = {name: float(K.get_value(getattr(self, name))) for name in names}
        return {**Optimizer.get_config(self), **values, **further}

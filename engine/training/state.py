"""All that a training is at one moment, so that another process goes on from there exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine import backend as K
from engine.backend.feeding import Means
from engine.callbacks import Callback, CallbackList


@dataclass
class Progress:
    """How far a training has come.

    Args:
        epoch: number of the epoch that is under way, or to come.
        batch: how many of its batches are done.
        order: row numbers in the order in which the epoch takes them; None where they are not shuffled.
        means: averages over the batches that are done.
    """

    epoch: int = 0
    batch: int = 0
    order: np.ndarray | None = None
    means: Means = field(default_factory=Means)


@dataclass(frozen=True)
class TrainingState:
    """A training between two batches or two epochs: variables, random generators, callbacks and position.

    Variables are the model's weights and whatever its training step reads or writes: the optimizer's, the states
    of stateful layers, the counts of stateful metrics. What arrays a file holds under which names is of no concern
    to whoever stores them.

    Args:
        facts: plain values that JSON holds.
        arrays: NumPy arrays by name.
    """

    facts: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @property
    def epoch(self) -> int:
        """Number of the epoch to go on with."""
        return int(self.facts["epoch"])

    @property
    def batch(self) -> int:
        """How many batches of that epoch are done."""
        return int(self.facts["batch"])

    @property
    def is_stopped(self) -> bool:
        """Whether a callback has ended the training."""
        return bool(self.facts["is_stopped"])

    @classmethod
    def capture(cls, model: Any, step: Any, callbacks: CallbackList, progress: Progress) -> TrainingState:
        """Return the state of a training; nothing is shared with it.

        Args:
            model: the model that is trained.
            step: its training step.
            callbacks: all that are called.
            progress: how far it is.
        """
        groups = {
            "variables": _number(K.batch_get_value(_list_variables(model, step))),
            "random": K.get_random_state(),
            "means": progress.means.get_state(),
        }
        arrays = {
            f"{group}/{name}": np.array(array)
            for group, named in groups.items()
            for name, array in named.items()
        }
        if progress.order is not None:
            arrays["order"] = progress.order
        facts = {
            "epoch": progress.epoch,
            "batch": progress.batch,
            "is_stopped": bool(model.stop_training),
            "callbacks": callbacks.get_state(),
        }
        return cls(facts, arrays)

    def restore(self, model: Any, step: Any, callbacks: CallbackList) -> Progress:
        """Bring a training into this state.

        Args:
            model, step, callbacks: as for `capture`, made in the same way.

        Returns:
            How far it is.

        Raises:
            ValueError: the state belongs to another model, or to other callbacks.
        """
        variables = _list_variables(model, step)
        values = self._list_group("variables")
        if len(variables) != len(values):
            raise ValueError(
                f"The state of a training has {len(values)} variables, but this model's training has "
                f"{len(variables)}. Build and compile the same model before going on."
            )
        K.batch_set_value([(variable, values[str(place)]) for place, variable in enumerate(variables)])
        K.set_random_state(self._list_group("random"))
        callbacks.set_state(self.facts["callbacks"])
        model.stop_training = self.is_stopped
        means = Means.from_state(self._list_group("means"))
        return Progress(self.epoch, self.batch, self.arrays.get("order"), means)

    def _list_group(self, group: str) -> dict[str, np.ndarray]:
        prefix = f"{group}/"
        return {
            name.removeprefix(prefix): array for name, array in self.arrays.items() if name.startswith(prefix)
        }


class StateKeeper(Callback):
    """A callback that keeps states of its training, and may begin from one.

    A training has one at most, and its data lies in arrays: what a generator would give next can't be kept.

    Args:
        resumed: the state to begin from, in place of `initial_epoch`; None to begin afresh.
    """

    def __init__(self, resumed: TrainingState | None = None) -> None:
        super().__init__()
        self.resumed = resumed

    def is_due(self, progress: Progress) -> bool:
        """Tell whether to keep a state now; asked after each batch and each epoch, when all callbacks were called."""
        raise NotImplementedError(f"{type(self).__name__} must define `is_due`.")

    def keep(self, state: TrainingState) -> None:
        """Keep a state."""
        raise NotImplementedError(f"{type(self).__name__} must define `keep`.")


class Continuation:
    """What the loop asks of the `StateKeeper` among the callbacks, if there is one.

    Args:
        model, step, callbacks: as for `TrainingState.capture`.
    """

    def __init__(self, model: Any, step: Any, callbacks: CallbackList) -> None:
        self._training = (model, step, callbacks)
        self._keeper = next((each for each in callbacks if isinstance(each, StateKeeper)), None)

    @property
    def is_over(self) -> bool:
        """Whether the state to begin from is the end of a training."""
        return (
            self._keeper is not None and self._keeper.resumed is not None and self._keeper.resumed.is_stopped
        )

    @property
    def is_wanted(self) -> bool:
        """Whether states are kept."""
        return self._keeper is not None

    def begin(self, progress: Progress) -> Progress:
        """Bring the training into the state to begin from; without one, return the progress given."""
        if self._keeper is None or self._keeper.resumed is None:
            return progress
        return self._keeper.resumed.restore(*self._training)

    def offer(self, progress: Progress) -> None:
        """Have the state kept, where that is due."""
        if self._keeper is not None and self._keeper.is_due(progress):
            self._keeper.keep(TrainingState.capture(*self._training, progress))


def _list_variables(model: Any, step: Any) -> list[Any]:
    found = {id(variable): variable for variable in [*model.weights, *step.variables]}
    return list(found.values())


def _number(arrays: Iterable[Any]) -> dict[str, Any]:
    return {str(place): array for place, array in enumerate(arrays)}

"""The compiled functions of a model: one training, testing or predicting step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K


class Step:
    """What runs on one batch.

    Args:
        function: of inputs, targets and sample weights.
        phase: the learning phase.
    """

    def __init__(self, function: K.Function, phase: int) -> None:
        self._function = function
        self._phase = phase

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """Run on tensors and return tensors on the device."""
        return self._function.run(values, self._phase)

    @property
    def changes_variables(self) -> bool:
        """Whether a run writes into variables."""
        return bool(self._function.updates or self._function.effects)

    @property
    def variables(self) -> list[Any]:
        """The variables that a run reads or writes."""
        return self._function.variables


def make_train_step(model: Any) -> Step:
    """Return a function of inputs, targets and sample weights that trains on one batch.

    It gives the total loss and the metrics as tensors on the device.
    """
    plan = model._plan
    weights = model._collected_trainable_weights
    with K.name_scope("training"), K.name_scope(type(plan.optimizer).__name__):
        training_updates = plan.optimizer.get_updates(loss=plan.total_loss, params=weights)
    function = K.Function(
        [*model._feed_inputs, *plan.feeds],
        [plan.total_loss, *plan.metrics_tensors],
        [*model.updates, *training_updates, *plan.metrics_updates],
        name="train_function",
    )
    return Step(function, phase=1)


def make_test_step(model: Any) -> Step:
    """Return a function of inputs, targets and sample weights that gives loss and metrics of one batch."""
    plan = model._plan
    function = K.Function(
        [*model._feed_inputs, *plan.feeds],
        [plan.total_loss, *plan.metrics_tensors],
        [*model.state_updates, *plan.metrics_updates],
        name="test_function",
    )
    return Step(function, phase=0)


def make_predict_step(model: Any) -> Step:
    """Return a function of inputs that gives the predictions for one batch."""
    function = K.Function(model._feed_inputs, model.outputs, model.state_updates, name="predict_function")
    return Step(function, phase=0)

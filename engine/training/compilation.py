"""Compiling a model: what `compile` was told and the functions made from it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from engine import optimizers
from engine.backend.feeding import Column
from engine.training import steps
from engine.training.plan import Plan


class Compilation:
    """The part of a model that `compile` decides."""

    # Given by the network.
    inputs: list[Any]
    outputs: list[Any]
    input_names: list[str]
    output_names: list[str]
    input_layers: list[Any]
    stateful: bool

    # Decided by `compile`.
    optimizer: Any = None
    loss: Any = None
    metrics: Any = None
    loss_weights: Any = None
    sample_weight_mode: Any = None
    weighted_metrics: Any = None
    stop_training = False
    history: Any = None
    _plan: Plan | None = None
    _steps: dict[str, steps.Step]
    _collected_trainable_weights: list[Any]

    def compile(
        self,
        optimizer: Any,
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        sample_weight_mode: Any = None,
        weighted_metrics: Any = None,
        target_tensors: Any = None,
        **kwargs: Any,
    ) -> None:
        """Say how the model is trained.

        Args:
            optimizer: an optimizer or its name.
            loss: a loss or its name; a list or a dict by output name for several outputs.
            metrics: metrics to report; `accuracy` picks the kind that fits the loss. A dict for several outputs.
            loss_weights: the shares of the outputs' losses in the total, as a list or a dict.
            sample_weight_mode: `temporal` for one weight a time step; a list or dict for several outputs.
            weighted_metrics: metrics that sample weights and class weights weigh.
            target_tensors: tensors to use in place of target placeholders.

        Raises:
            ValueError: an argument is unknown or does not fit the model.
        """
        if kwargs:
            raise ValueError(f"`compile` doesn't know the arguments {sorted(kwargs)}.")
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        self.metrics = metrics or []
        self.loss_weights = loss_weights
        self.sample_weight_mode = sample_weight_mode
        self.weighted_metrics = weighted_metrics
        self._plan = Plan(
            self,
            self.optimizer,
            loss,
            metrics,
            loss_weights,
            sample_weight_mode,
            weighted_metrics,
            target_tensors,
        )
        self._collected_trainable_weights = list(self.trainable_weights)
        self._steps = {}

    @property
    def trainable_weights(self) -> list[Any]:
        """The weights that training changes; given by the network."""
        return []

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` and `train_on_batch` give, the loss first."""
        return self._require_plan().metrics_names

    @property
    def metrics_tensors(self) -> list[Any]:
        """The tensors of the metrics, without the loss."""
        return self._require_plan().metrics_tensors

    @property
    def total_loss(self) -> Any:
        """The tensor that training makes small."""
        return self._require_plan().total_loss

    @property
    def targets(self) -> list[Any]:
        """The tensors of the targets."""
        return [output.target for output in self._require_plan().outputs]

    @property
    def sample_weights(self) -> list[Any]:
        """The tensors of the sample weights."""
        return [output.sample_weights for output in self._require_plan().outputs]

    @property
    def _feed_inputs(self) -> list[Any]:
        return [
            tensor
            for tensor, layer in zip(self.inputs, self.input_layers, strict=True)
            if layer.is_placeholder
        ]

    @property
    def _feed_input_names(self) -> list[str]:
        return [layer.name for layer in self.input_layers if layer.is_placeholder]

    def _require_plan(self) -> Plan:
        if self._plan is None:
            raise RuntimeError(
                "You must compile a model before training/testing. Use `model.compile(optimizer, loss)`."
            )
        return self._plan

    def _step(self, kind: str) -> steps.Step:
        made = self.__dict__.setdefault("_steps", {})
        if kind == "train":
            self._check_trainable_weights()
        if kind not in made:
            make: dict[str, Callable[[Any], steps.Step]] = {
                "train": steps.make_train_step,
                "test": steps.make_test_step,
                "predict": steps.make_predict_step,
            }
            made[kind] = make[kind](self)
        return made[kind]

    def _check_trainable_weights(self) -> None:
        if len(self._collected_trainable_weights) != len(self.trainable_weights):
            warnings.warn(
                "Discrepancy between trainable weights and collected trainable weights, did you set "
                "`model.trainable` without calling `model.compile` after?",
                stacklevel=4,
            )

    def _make_columns(self, groups: Sequence[Any], predicting: bool = False) -> list[Column | None]:
        feeds = self._feed_inputs if predicting else [*self._feed_inputs, *self._require_plan().feeds]
        return [
            None if array is None else Column(array, tensor.dtype)
            for array, tensor in zip(groups, feeds, strict=True)
        ]

    def _make_batch(self, groups: Sequence[Any], predicting: bool = False) -> list[Any]:
        """Return arrays as what a step takes for one batch of all rows."""
        columns = self._make_columns(groups, predicting)
        return [None if column is None else column.slice(0, column.rows) for column in columns]

"""What `compile` decided: losses, metrics, their names and the tensors they are computed from."""

from __future__ import annotations

from typing import Any

from engine import backend as K
from engine import losses as losses_module
from engine import metrics as metrics_module
from engine.graph.tensor import Shape
from engine.training.objective import weighted_masked_objective
from engine.training.targets import spread, spread_losses, spread_metrics

_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


class OutputPlan:
    """One output that is trained: its loss, target, sample weights and metrics.

    Args:
        name: the output's name.
        tensor: the prediction.
        mask: its mask.
        loss: its loss function.
        loss_weight: the share of its loss in the total.
        sample_weight_mode: `temporal` for one weight a time step.
        target: a tensor to use in place of a target placeholder.
    """

    def __init__(
        self,
        name: str,
        tensor: Any,
        mask: Any,
        loss: Any,
        loss_weight: float,
        sample_weight_mode: str | None,
        target: Any = None,
    ) -> None:
        self.name = name
        self.tensor = tensor
        self.mask = mask
        self.loss = loss
        self.loss_weight = loss_weight
        self.sample_weight_mode = sample_weight_mode
        axes = 2 if sample_weight_mode == "temporal" else 1
        if tensor.ndim < axes + 1 and axes == 2:
            raise ValueError(
                f'Found a sample_weight_mode "temporal" for output "{name}", which has shape {tensor.shape}: '
                "it needs a time dimension."
            )
        self.is_fed = target is None or K.is_placeholder(target)
        self.target = self._make_target() if target is None else target
        self.sample_weights = K.placeholder(tensor.shape[:axes], name=f"{name}_sample_weights", like=tensor)
        objective = weighted_masked_objective(loss)
        self.output_loss = objective(self.target, tensor, self.sample_weights, mask)

    @property
    def is_sparse(self) -> bool:
        """Whether targets are class numbers."""
        return self.loss is losses_module.sparse_categorical_crossentropy

    @property
    def feed_shape(self) -> Shape | None:
        """The shape that targets must have; None for losses of one's own, whose targets are not checked."""
        if self.is_sparse:
            return (*self.tensor.shape[:-1], 1)
        name = getattr(self.loss, "__name__", "")
        return self.tensor.shape if getattr(losses_module, name, None) is self.loss else None

    def _make_target(self) -> Any:
        """Make the target's placeholder, in the first shape with which the loss can be computed."""
        shape = self.tensor.shape
        candidates = [(*shape[:-1], 1)] if self.is_sparse else [shape, (*shape[:-1], 1), shape[:-1]]
        error: Exception | None = None
        for candidate in candidates:
            target = K.placeholder(
                candidate, dtype=K.dtype(self.tensor), name=f"{self.name}_target", like=self.tensor
            )
            try:
                self.loss(target, self.tensor)
            except (RuntimeError, IndexError, ValueError) as failure:
                error = error or failure
            else:
                return target
        raise ValueError(
            f'The loss of output "{self.name}" can\'t be computed from predictions of shape {shape}: {error}'
        )

    def resolve_metric(self, metric: Any) -> tuple[str, Any]:
        """Return a metric's name in logs and its function; `accuracy` and `crossentropy` depend on the loss."""
        if metric not in (*_ACCURACY, *_CROSSENTROPY):
            function = metrics_module.get(metric)
            # Metrics that are layers have a name of their own.
            name = getattr(function, "name", getattr(function, "__name__", str(metric)))
            return name, function
        binary = self.tensor.shape[-1] == 1 or self.loss is losses_module.binary_crossentropy
        kind = "binary" if binary else "sparse_categorical" if self.is_sparse else "categorical"
        if metric in _ACCURACY:
            return "acc", getattr(metrics_module, f"{kind}_accuracy")
        return "ce", getattr(metrics_module, f"{kind}_crossentropy")


class Plan:
    """Everything that training needs to know of a compiled model.

    Args:
        model: the model.
        optimizer: its optimizer.
        loss, metrics, loss_weights, sample_weight_mode, weighted_metrics: as given to `compile`.
        target_tensors: tensors to use in place of target placeholders.

    Raises:
        ValueError: an argument names an unknown output, or a loss does not fit its output.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        loss: Any,
        metrics: Any = None,
        loss_weights: Any = None,
        sample_weight_mode: Any = None,
        weighted_metrics: Any = None,
        target_tensors: Any = None,
    ) -> None:
        names = model.output_names
        self.optimizer = optimizer
        losses = spread_losses(loss, names, has_others=bool(model.losses))
        weights = (
            [1.0] * len(names) if loss_weights is None else spread(loss_weights, names, "loss_weights", 1.0)
        )
        modes = spread(sample_weight_mode, names, "sample_weight_mode")
        given_targets = spread(target_tensors, names, "target_tensors")
        parts = zip(
            names,
            model.outputs,
            model._masks_of_outputs(),
            losses,
            weights,
            modes,
            given_targets,
            strict=True,
        )
        self.outputs = [OutputPlan(*part) for part in parts if part[3] is not None]
        self.metrics_names = ["loss"]
        self.metrics_tensors: list[Any] = []
        # Metrics that add up over an epoch by themselves, by their name in logs.
        self.stateful_metrics: dict[str, Any] = {}
        self.has_several_outputs = len(names) > 1
        if self.has_several_outputs:
            for output in self.outputs:
                self._add_metric(f"{output.name}_loss", output.output_loss)
        plain = spread_metrics(metrics, names)
        weighted = spread_metrics(weighted_metrics, names)
        for name, of_output, weighted_of_output in zip(names, plain, weighted, strict=True):
            self._add_metrics_of(name, of_output, weighted_of_output)
        self.total_loss = self._sum_losses(model)

    def _sum_losses(self, model: Any) -> Any:
        total: Any = None
        for output in self.outputs:
            share = (
                output.output_loss if output.loss_weight == 1.0 else output.output_loss * output.loss_weight
            )
            total = share if total is None else total + share
        for loss in model.losses:
            total = loss if total is None else total + loss
        return total

    def _add_metrics_of(self, name: str, plain: list[Any], weighted: list[Any]) -> None:
        output = next((output for output in self.outputs if output.name == name), None)
        if output is None:
            return
        for metrics, weights in ((plain, None), (weighted, output.sample_weights)):
            for metric in metrics:
                metric_name, function = output.resolve_metric(metric)
                metric_name = metric_name if weights is None else f"weighted_{metric_name}"
                metric_name = f"{name}_{metric_name}" if self.has_several_outputs else metric_name
                if getattr(function, "stateful", False):
                    taken = self._add_metric(metric_name, function(output.target, output.tensor))
                    self.stateful_metrics[taken] = function
                    continue
                value = weighted_masked_objective(function)(
                    output.target, output.tensor, weights, output.mask
                )
                self._add_metric(metric_name, value)

    def _add_metric(self, name: str, tensor: Any) -> str:
        taken = name
        number = 1
        while taken in self.metrics_names:
            taken = f"{name}_{number}"
            number += 1
        self.metrics_names.append(taken)
        self.metrics_tensors.append(tensor)
        return taken

    @property
    def metrics_updates(self) -> list[Any]:
        """What stateful metrics assign with each batch."""
        return [update for metric in self.stateful_metrics.values() for update in metric.updates]

    @property
    def fed_outputs(self) -> list[OutputPlan]:
        """The outputs whose targets are given with each batch."""
        return [output for output in self.outputs if output.is_fed]

    @property
    def feeds(self) -> list[Any]:
        """The placeholders of targets, then of sample weights."""
        return [output.target for output in self.fed_outputs] + [
            output.sample_weights for output in self.outputs
        ]

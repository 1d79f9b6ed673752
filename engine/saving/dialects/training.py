"""Training configurations of all lines, told in the words of `compile` of Keras 2.1.6."""

from __future__ import annotations

from typing import Any


def metrics_to_keras_2(metrics: Any, output_names: list[str]) -> Any:
    """Return the metrics of a training configuration as `compile` of 2.1.6 takes them.

    Args:
        metrics: names, objects that later lines wrap them in, or a list of such lists, one an output.
        output_names: the model's outputs.
    """
    if not isinstance(metrics, list):
        return metrics
    if metrics and all(isinstance(item, list) for item in metrics):
        lists = [[_metric_name(metric) for metric in item] for item in metrics]
        return lists[0] if len(lists) == 1 else dict(zip(output_names, lists, strict=False))
    return [_metric_name(metric) for metric in metrics]


def _metric_name(metric: Any) -> Any:
    if not isinstance(metric, dict) or "fn" not in metric.get("config", {}):
        return metric
    config = metric["config"]
    named_by_loss = str(config.get("name", "")).endswith(("accuracy", "acc"))
    return "accuracy" if named_by_loss else config["fn"]

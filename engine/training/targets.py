"""Arguments of `compile` that are given once, by list or by output name."""

from __future__ import annotations

import warnings
from typing import Any

from engine import losses as losses_module


def spread(value: Any, names: list[str], argument: str, default: Any = None) -> list[Any]:
    """Return one value an output.

    Args:
        value: a list with one item an output, a dict by output name, or one value for all.
        names: the outputs' names.
        argument: what errors call it.
        default: the value of outputs that a dict leaves out.

    Raises:
        ValueError: a name is unknown, or the list has another length.
    """
    if isinstance(value, dict):
        for name in value:
            if name not in names:
                raise ValueError(
                    f'Unknown entry in {argument} dictionary: "{name}". Only expected the following keys: {names}'
                )
        return [value.get(name, default) for name in names]
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise ValueError(
                f"When passing a list as {argument}, it should have one entry per model output. The model has "
                f"{len(names)} outputs, but you passed {argument}={value!r}"
            )
        return list(value)
    return [value] * len(names)


def spread_losses(loss: Any, names: list[str], has_others: bool = False) -> list[Any]:
    """Return one loss function an output; None for an output that is not trained.

    Args:
        loss: as given to `compile`.
        names: the outputs' names.
        has_others: whether layers or the model itself have added losses, so that there need be no other.

    Raises:
        ValueError: a name is unknown, or there is no loss at all.
    """
    if not loss and not has_others:
        raise ValueError("You must specify a loss when compiling: `compile(optimizer, loss)`. Found: none.")
    loss = loss or {}
    if isinstance(loss, dict):
        for name in names:
            if name not in loss:
                warnings.warn(
                    f'Output "{name}" missing from loss dictionary. We assume this was done on purpose, and we '
                    f'will not be expecting any data to be passed to "{name}" during training.',
                    stacklevel=4,
                )
    functions = [None if item is None else losses_module.get(item) for item in spread(loss, names, "loss")]
    if all(function is None for function in functions) and not has_others:
        raise ValueError("The model cannot be compiled because it has no loss to optimize.")
    return functions


def spread_metrics(metrics: Any, names: list[str]) -> list[list[Any]]:
    """Return a list of metrics an output.

    Raises:
        TypeError: the metrics are neither list nor dict.
        ValueError: a dict names an unknown output.
    """
    if not metrics:
        return [[] for _ in names]
    if isinstance(metrics, dict):
        return [
            list(item) if isinstance(item, (list, tuple)) else [item]
            for item in spread(metrics, names, "metrics", default=())
        ]
    if isinstance(metrics, (list, tuple)):
        return [list(metrics) for _ in names]
    raise TypeError(
        f"Type of `metrics` argument not understood. Expected a list or dictionary, found: {metrics}"
    )

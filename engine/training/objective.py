"""From a loss or metric of each sample to one number: masks, sample weights and their normalisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import backend as K


@K.operation
def weigh(scores: Any, weights: Any) -> Any:
    """Return the mean of `scores`, weighted and divided by the share of weights that are not zero.

    Args:
        scores: a score a sample, or more.
        weights: a weight a sample (or a time step); None when the function runs means one each.

    Shapes: scores (batch, ...), weights (batch,) or (batch, time) -> ().
    """
    if weights is None:
        return scores.mean()
    if scores.ndim > weights.ndim:
        scores = scores.mean(dim=tuple(range(weights.ndim, scores.ndim)))
    scores = scores * weights
    return (scores / (weights != 0).to(scores.dtype).mean()).mean()


def weighted_masked_objective(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return a function of targets, predictions, weights and mask that gives the mean of `function`.

    Args:
        function: gives a score a sample from targets and predictions.
    """

    def objective(y_true: Any, y_pred: Any, weights: Any = None, mask: Any = None) -> Any:
        scores = function(y_true, y_pred)
        if mask is not None:
            mask = K.cast(mask, K.floatx())
            scores = scores * mask / K.mean(mask)
        return K.mean(scores) if weights is None else weigh(scores, weights)

    return objective

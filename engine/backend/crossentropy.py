"""Cross-entropies between targets and predictions (manual, section 14.5)."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from engine.backend.config import epsilon
from engine.backend.symbolic import operation


def _keep_from_bounds(probabilities: torch.Tensor) -> torch.Tensor:
    # As torch.clamp, with a derivative that takes one kernel.
    return functional.hardtanh(probabilities, epsilon(), 1.0 - epsilon())


@operation
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return the cross-entropy between distributions over the last axis.

    Args:
        target: probabilities.
        output: predicted probabilities, brought to a sum of 1 and away from 0 and 1 by `epsilon`; or logits.
        from_logits: whether `output` is logits.

    Shapes:
        (batch, ..., classes) twice -> (batch, ...).
    """
    if from_logits:
        logarithms = torch.log_softmax(output, -1)
    else:
        logarithms = torch.log(_keep_from_bounds(output / torch.sum(output, -1, keepdim=True)))
    return -torch.sum(target * logarithms, -1)


@operation
def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return the cross-entropy of predicted distributions and the classes that were right.

    Args:
        target: class indices, of any shape with one element a sample.
        output: predicted probabilities, kept from 0 and 1 by `epsilon`; or logits.
        from_logits: whether `output` is logits.

    Shapes:
        (batch, ...), (batch, ..., classes) -> (batch, ...).
    """
    logits = output if from_logits else torch.log(_keep_from_bounds(output))
    classes = target.reshape(*output.shape[:-1], 1).long()
    return -torch.log_softmax(logits, -1).gather(-1, classes).squeeze(-1)


@operation
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return the elementwise cross-entropy of independent yes-or-no predictions.

    Args:
        target: probabilities.
        output: predicted probabilities, kept from 0 and 1 by `epsilon`; or logits.
        from_logits: whether `output` is logits.
    """
    if not from_logits:
        output = _keep_from_bounds(output)
        output = torch.log(output / (1.0 - output))
    return functional.binary_cross_entropy_with_logits(output, target, reduction="none")

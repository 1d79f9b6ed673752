"""The learning phase: whether a function computes what training or what testing needs."""

from __future__ import annotations

from typing import Any

import torch

from engine.backend.state import get_state
from engine.backend.symbolic import SymbolicTensor, record
from engine.backend.variable import Placeholder


class LearningPhase(Placeholder):
    """The placeholder of the learning phase: 0 for testing, 1 for training.

    Functions are lowered once a phase, with its value written in as a constant.
    """

    def __init__(self) -> None:
        super().__init__((), "int32", "keras_learning_phase", default=0)
        # Ops that read it while shapes are inferred want a value.
        zero = torch.zeros((), dtype=torch.int32)
        self.examples = (zero, zero)
        self._uses_learning_phase = True


def learning_phase() -> Any:
    """Return the learning phase: 0 or 1 where `set_learning_phase` fixed it, else a symbolic tensor."""
    state = get_state()
    if state.learning_phase is None:
        state.learning_phase = LearningPhase()
    return state.learning_phase


def set_learning_phase(value: int) -> None:
    """Fix the learning phase.

    Args:
        value: 0 for testing, 1 for training.

    Raises:
        ValueError: the value is neither.
    """
    if value not in (0, 1):
        raise ValueError(f"Expected learning phase to be 0 or 1. Received: {value!r}")
    get_state().learning_phase = int(value)


def select_by_phase(in_training: Any, in_testing: Any, phase: Any) -> Any:
    """Mark a choice between two branches; lowering keeps one of them and drops the other."""
    return in_training if int(phase) else in_testing


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return `x` in the training phase and `alt` in the test phase.

    Args:
        x: a tensor, or a function without arguments that gives one.
        alt: likewise, for the test phase.
        training: 0, 1, True or False to decide now; the learning phase by default.
    """
    if training is None:
        training = learning_phase()
    if not isinstance(training, SymbolicTensor):
        chosen = x if training else alt
        return chosen() if callable(chosen) else chosen
    x = x() if callable(x) else x
    alt = alt() if callable(alt) else alt
    if x is alt:
        return x
    shown = alt if isinstance(alt, SymbolicTensor) else x
    result = record(select_by_phase, (x, alt, training), results=shown.examples)
    result._uses_learning_phase = True
    result.shape = shown.shape
    return result


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return `x` in the test phase and `alt` in the training phase; arguments as in `in_train_phase`."""
    return in_train_phase(alt, x, training)

"""The state of optimizers in files of later lines, which list it in another order than Keras 2.1.6.

Here an optimizer has all first slots, then all second ones; later lines go through the weights and give each its
slots in turn. In front stand the count of steps and, in Keras 3, the learning rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import backend as K

# How many kinds of slots an optimizer has here, and the groups of those that later lines list together.
_KINDS: dict[str, tuple[int, tuple[tuple[int, ...], ...]]] = {
    "SGD": (1, ((0,),)),
    "RMSprop": (1, ((0,),)),
    "Adagrad": (1, ((0,),)),
    "Adadelta": (2, ((0, 1),)),
    "Adam": (3, ((0, 1), (2,))),
    "Adamax": (2, ((0, 1),)),
    "Nadam": (2, ((0, 1),)),
}


@dataclass(frozen=True)
class Layout:
    """How a file lists an optimizer's state.

    Args:
        head: what stands in front of the slots.
        tail: what stands behind them.
        is_interleaved: whether each weight's slots stand together.
        has_idle_moments: whether SGD without momentum has moments all the same.
    """

    head: tuple[str, ...] = ("iterations",)
    tail: tuple[str, ...] = ()
    is_interleaved: bool = True
    has_idle_moments: bool = False


def find_layout(version: str, optimizer: dict[str, Any]) -> Layout | None:
    """Return how a version of Keras lists the state; None where it does so as 2.1.6.

    Args:
        version: the file's `keras_version`.
        optimizer: the optimizer's class name and configuration, as the file has them.
    """
    config, is_nadam = optimizer["config"], optimizer["class_name"].endswith("Nadam")
    if int(version.partition(".")[0]) >= 3:
        head = ("iterations",) if isinstance(config["learning_rate"], dict) else ("iterations", "lr")
        return Layout(head, ("m_schedule",) if is_nadam else ())
    if "is_legacy_optimizer" in config:
        return Layout(has_idle_moments=True)
    if "learning_rate" in config and "name" in config:
        # tf.keras up to 2.10.
        return Layout(("iterations", "m_schedule") if is_nadam else ("iterations",), is_interleaved=False)
    return None


def restore_state(optimizer: Any, arrays: Sequence[Any], layout: Layout) -> None:
    """Give an optimizer the state that a file lists.

    Args:
        optimizer: the optimizer; its weights must be there.
        arrays: arrays, or data sets.
        layout: how the file lists them.

    Raises:
        ValueError: number or shapes do not fit the optimizer's weights.
    """
    state = optimizer.get_state()
    names = _list_names(optimizer, state, layout)
    if len(names) != len(arrays):
        raise ValueError(f"The file has {len(arrays)} arrays of the state, where {len(names)} were expected.")
    for name, array in zip(names, arrays, strict=True):
        if state[name].shape != array.shape:
            raise ValueError(
                f"The file's {name!r} has shape {array.shape}, where {state[name].shape} was expected."
            )
        state[name] = np.asarray(array, dtype=state[name].dtype)
    optimizer.set_state(state)


def list_state(optimizer: Any, layout: Layout) -> list[np.ndarray]:
    """Return an optimizer's state as a file of that layout lists it."""
    state = optimizer.get_state()
    return [state[name] for name in _list_names(optimizer, state, layout)]


def _list_names(optimizer: Any, state: dict[str, Any], layout: Layout) -> list[str]:
    """Return the names that `get_state` uses, in the order of a file."""
    class_name = type(optimizer).__name__
    if class_name not in _KINDS:
        raise ValueError(f"How later lines list the state of {class_name} is unknown.")
    kinds, groups = _KINDS[class_name]
    weights = sum(name.startswith("slot_") for name in state) // kinds
    if class_name == "SGD" and not layout.has_idle_moments and K.get_value(optimizer.momentum) == 0:
        groups = ()
    if class_name == "Adam" and not optimizer.amsgrad:
        groups = groups[:1]
    if not layout.is_interleaved:
        groups = tuple((kind,) for group in groups for kind in group)
    slots = (
        f"slot_{kind * weights + number}" for group in groups for number in range(weights) for kind in group
    )
    return [*layout.head, *slots, *layout.tail]

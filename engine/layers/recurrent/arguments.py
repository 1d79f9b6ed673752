"""The several ways in which a recurrent layer is given initial states and constants."""

from __future__ import annotations

from typing import Any

from engine.layers.base import to_list


def split_inputs(
    inputs: Any, initial_state: Any, constants: Any, num_constants: int | None
) -> tuple[Any, list[Any] | None, list[Any] | None]:
    """Return the sequences, the initial states and the constants, as lists where there are any.

    Args:
        inputs: the sequences, or a list of them, the states and the constants.
        initial_state, constants: what was given beside a single input.
        num_constants: how many of the list are constants.

    Raises:
        ValueError: states or constants are given in both ways.
    """
    if isinstance(inputs, (list, tuple)):
        if initial_state is not None or constants is not None:
            raise ValueError(
                "Initial states and constants are given either in the list of inputs or by name."
            )
        items = list(inputs)
        end = len(items) - (num_constants or 0)
        return items[0], items[1:end] or None, items[end:] or None
    return (
        inputs,
        None if initial_state is None else to_list(initial_state),
        None if constants is None else to_list(constants),
    )

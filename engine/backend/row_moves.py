"""Gradient descent for tables whose gradients come as rows: exactly the dense step, in less memory and time."""

from __future__ import annotations

import torch


def move_by_rows(
    table: torch.Tensor,
    gradient: torch.Tensor,
    moment: torch.Tensor,
    rate: torch.Tensor | float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Move a table by `v = momentum * v - rate * g`; with Nesterov's by `momentum * v - rate * g` of the new `v`.

    Without momentum a row that the gradient lacks has no move: it costs nothing. No step reads the moment then,
    and so it is put off to write it until somebody does. With momentum all rows go on moving.

    Args:
        table: the weight, of two axes.
        gradient: its gradient, sparse along the first axis; rows may occur several times.
        moment: the memory `v`.
        rate: the learning rate.
        momentum: share of the last move that is kept.
        nesterov: whether to use Nesterov's momentum.
    """
    rows, moves = gradient._indices()[0], gradient._values() * -rate
    if not momentum:
        table.index_add_(0, rows, moves)
        moment._put_off = (moment._version, rows, moves)  # type: ignore[attr-defined]
        return
    write_put_off(moment)
    moment.mul_(momentum).index_add_(0, rows, moves)
    if nesterov:
        table.add_(moment, alpha=momentum).index_add_(0, rows, moves)
    else:
        table.add_(moment)


def write_put_off(tensor: torch.Tensor) -> None:
    """Write the moment of the last step where that was put off and nobody has written to the tensor since."""
    put_off = getattr(tensor, "_put_off", None)
    if put_off is None:
        return
    del tensor._put_off  # type: ignore[attr-defined]
    version, rows, moves = put_off
    if version == tensor._version:
        with torch.no_grad():
            tensor.zero_().index_add_(0, rows, moves)

"""The part of the gates that depends on the state: its product with the recurrent kernel, parts of it dropped."""

from __future__ import annotations

import torch


class StateProduct:
    """Products of a state with a recurrent kernel, and their derivatives.

    Args:
        kernel: (units, gates * units).
        drops: what the state is multiplied with before, (batch, units), or (gates, batch, units) where each gate
            sees other parts of it; None where nothing is dropped.
    """

    def __init__(self, kernel: torch.Tensor, drops: torch.Tensor | None) -> None:
        self.kernel, self.drops = kernel, drops
        self.transposed = kernel.t()
        self.is_by_gate = drops is not None and drops.ndim == 3
        if self.is_by_gate:
            self.stack = _stack_gates(kernel, len(kernel)).contiguous()

    def add(self, gates: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Add the product of a state (batch, units) to `gates` (batch, gates * units), in place."""
        if self.drops is None:
            return gates.addmm_(state, self.kernel)
        if not self.is_by_gate:
            return gates.addmm_(state * self.drops, self.kernel)
        _stack_gates(gates, len(self.kernel)).add_(torch.bmm(state * self.drops, self.stack))
        return gates

    def derive(self, changes: torch.Tensor, out: torch.Tensor, beta: int) -> torch.Tensor:
        """Write `beta * out` plus the derivative by the state for that by the gates into `out`."""
        if self.drops is None:
            return out.addmm_(changes, self.transposed, beta=beta)
        if self.is_by_gate:
            product = torch.bmm(_stack_gates(changes, len(self.kernel)), self.stack.transpose(1, 2))
            product = product.mul_(self.drops).sum(0)
        else:
            product = (changes @ self.transposed).mul_(self.drops)
        return out.add_(product) if beta else out.copy_(product)

    def derive_kernel(self, states: torch.Tensor, changes: torch.Tensor) -> torch.Tensor:
        """Return the derivative by the kernel, of all steps.

        Args:
            states: (steps, batch, units).
            changes: the derivative by the gates, (steps, batch, gates * units).
        """
        if not self.is_by_gate:
            seen = states if self.drops is None else states * self.drops
            return seen.flatten(0, 1).t() @ changes.flatten(0, 1)
        assert self.drops is not None
        parts = zip(self.drops, changes.split(len(self.kernel), -1), strict=True)
        return torch.cat(
            [(states * drop).flatten(0, 1).t() @ part.flatten(0, 1) for drop, part in parts], dim=1
        )


def _stack_gates(tensor: torch.Tensor, units: int) -> torch.Tensor:
    """Return (rows, gates * units) as (gates, rows, units)."""
    return tensor.unflatten(1, (-1, units)).transpose(0, 1)


def multiply_plainly(state: torch.Tensor, kernel: torch.Tensor, drops: torch.Tensor | None) -> torch.Tensor:
    """Return the product by operations that can be differentiated any number of times."""
    if drops is None:
        return state @ kernel
    if drops.ndim == 2:
        return (state * drops) @ kernel
    parts = zip(drops, kernel.split(len(kernel), 1), strict=True)
    return torch.cat([(state * drop) @ part for drop, part in parts], 1)

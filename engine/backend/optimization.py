"""Optimizer steps on all weights at once, with the formulas of Keras 2.1.6.

Each step writes into the weights and into its slots (one tensor a weight and slot). A step never waits for the
device: scalars that change from step to step are numbers where they lie in the host's memory, and tensors elsewhere;
settings that a user may assign are read by the host only after they changed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

from engine.backend.recording import leaf
from engine.backend.row_moves import move_by_rows
from engine.backend.symbolic import operation

Tensors = list[torch.Tensor]
# A number, or a tensor on the device; formulas are written for either.
Scalar = Any


@operation
def clip_by_global_norm(gradients: Sequence[Any], largest: float) -> Any:
    """Scale all gradients by one factor so that their common L2 norm is at most `largest`."""
    gradients = list(gradients)
    norm = torch.stack(torch._foreach_norm(gradients)).norm()
    return torch._foreach_mul(gradients, torch.where(norm >= largest, largest / norm, 1.0).to(norm.dtype))


@operation
def clip_each_by_norm(gradients: Sequence[Any], largest: float) -> Any:
    """Scale each gradient so that its own L2 norm is at most `largest`."""
    gradients = list(gradients)
    scales = torch._foreach_clamp_min(list(torch._foreach_norm(gradients)), largest)
    return torch._foreach_mul(gradients, [largest / scale for scale in scales])


@operation
def clip_by_value(gradients: Sequence[Any], largest: float) -> Any:
    """Move every element of the gradients into the range from `-largest` to `largest`."""
    clipped = torch._foreach_clamp_min(list(gradients), -largest)
    torch._foreach_clamp_max_(clipped, largest)
    return clipped


@leaf
def apply_step(
    step: Callable[..., None],
    parameters: Tensors,
    gradients: Tensors,
    slots: list[Tensors],
    iterations: torch.Tensor,
    lr: torch.Tensor,
    decay: torch.Tensor | None,
    constraints: list[tuple[torch.Tensor, Callable[[Any], Any]]],
    settings: dict[str, Any],
) -> None:
    """Run one optimizer step, count it, and apply constraints to the new weights.

    Args:
        step: one of this module's steps.
        parameters: the weights.
        gradients: what the loss gives for each; no step writes into them.
        slots: the optimizer's memory, a list of tensors for each kind.
        iterations: number of steps before this one; counted on here.
        lr: the learning rate.
        decay: makes the learning rate `lr / (1 + decay * iterations)`.
        constraints: pairs of a weight and the function that gives what it shall become.
        settings: further arguments of the step.
    """
    if parameters:
        count = _read_scalar(iterations)
        rate = _read_scalar(lr)
        if decay is not None:
            rate = rate / (1.0 + _read_scalar(decay) * count)
        step(parameters, gradients, *slots, rate, count + 1.0, **settings)
        _mark_changed(parameters)
    iterations.add_(1)
    for parameter, constraint in constraints:
        parameter.copy_(constraint(parameter))


def _read_scalar(variable: torch.Tensor) -> Scalar:
    """Return a scalar variable's value: a number if that takes no waiting, else float64, as numbers are."""
    return variable.item() if variable.device.type == "cpu" else variable.double()


def read_setting(setting: torch.Tensor) -> float:
    """Return a scalar variable's value; it waits for the device only after the variable was assigned."""
    if setting.device.type == "cpu":
        return setting.item()
    known = getattr(setting, "_known_value", None)
    if known is None or known[0] != setting._version:
        known = (setting._version, setting.item())
        setting._known_value = known  # type: ignore[attr-defined]
    return known[1]


class NativeStep:
    """A step of an optimizer that torch or another library brings.

    Args:
        make: makes the optimizer from a list of torch tensors; it needs a method `step`.
    """

    def __init__(self, make: Callable[[Tensors], Any]) -> None:
        self._make = make
        self._optimizer: Any = None

    @leaf
    def __call__(self, parameters: Tensors, gradients: Tensors, iterations: torch.Tensor) -> None:
        """Give the gradients to the weights and let the optimizer take its step."""
        if self._optimizer is None:
            self._optimizer = self._make(parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        self._optimizer.step()
        _mark_changed(parameters)
        for parameter in parameters:
            parameter.grad = None
        iterations.add_(1)


def sgd_step(
    parameters: Tensors,
    gradients: Tensors,
    moments: Tensors,
    rate: Scalar,
    time: Scalar,
    momentum: torch.Tensor,
    nesterov: bool,
) -> None:
    """Move weights by `v = momentum * v - rate * g`.

    With Nesterov's momentum they move by `momentum * v - rate * g` of the new `v`.
    """
    factor = read_setting(momentum)
    if any(gradient.is_sparse for gradient in gradients):
        parameters, gradients, moments = _move_tables(parameters, gradients, moments, rate, factor, nesterov)
    if not parameters:
        return
    if factor == 0.0:
        # torch's fused kernel leaves the moments alone here, but Keras's files have them. The moves are made in
        # their place, since fresh memory for large weights costs more than the arithmetic.
        torch._foreach_copy_(moments, gradients)
        torch._foreach_mul_(moments, _match(-rate, parameters))
        torch._foreach_add_(parameters, moments)
        return
    # Where the rate changes, torch's momentum is not Keras's: it gets moves that are made already.
    moves = torch._foreach_mul(gradients, _match(-rate, parameters))
    torch._fused_sgd_(
        parameters,
        _lay_out(moves),
        moments,
        weight_decay=0.0,
        momentum=factor,
        lr=-1.0,
        dampening=0.0,
        nesterov=nesterov,
        maximize=False,
        is_first_step=False,
    )


def _move_tables(
    parameters: Tensors,
    gradients: Tensors,
    moments: Tensors,
    rate: torch.Tensor,
    momentum: float,
    nesterov: bool,
) -> tuple[Tensors, Tensors, Tensors]:
    """Move the weights whose gradients are rows, and return the others with their gradients and moments."""
    others: tuple[Tensors, Tensors, Tensors] = ([], [], [])
    for each in zip(parameters, gradients, moments, strict=True):
        if each[1].is_sparse:
            move_by_rows(*each, rate, momentum, nesterov)
            continue
        for tensors, tensor in zip(others, each, strict=True):
            tensors.append(tensor)
    return others


# Steps that take a table's gradient as rows (a sparse tensor).
STEPS_BY_ROWS = (sgd_step,)


def rmsprop_step(
    parameters: Tensors,
    gradients: Tensors,
    squares: Tensors,
    rate: Scalar,
    time: Scalar,
    rho: torch.Tensor,
    epsilon: float,
    has_inner_epsilon: bool,
) -> None:
    """Move weights by `-rate * g / (sqrt(a) + epsilon)`, `a` the running average of squared gradients.

    With an inner epsilon they are divided by `sqrt(a + epsilon)`.
    """
    _average_squares(squares, gradients, read_setting(rho))
    _move(parameters, gradients, squares, rate, epsilon, has_inner_epsilon)


def adagrad_step(
    parameters: Tensors,
    gradients: Tensors,
    squares: Tensors,
    rate: Scalar,
    time: Scalar,
    epsilon: float,
    has_inner_epsilon: bool,
) -> None:
    """Move weights by `-rate * g / (sqrt(a) + epsilon)`, `a` the sum of squared gradients.

    With an inner epsilon they are divided by `sqrt(a + epsilon)`.
    """
    torch._foreach_addcmul_(squares, gradients, gradients)
    _move(parameters, gradients, squares, rate, epsilon, has_inner_epsilon)


def adadelta_step(
    parameters: Tensors,
    gradients: Tensors,
    squares: Tensors,
    squared_moves: Tensors,
    rate: Scalar,
    time: Scalar,
    rho: float,
    epsilon: float,
) -> None:
    """Move weights by `-rate * u`, `u = g * sqrt(d + epsilon) / sqrt(a + epsilon)`.

    `a` and `d` are the running averages of squared gradients and of squared moves `u`.
    """
    _average_squares(squares, gradients, rho)
    moves = list(torch._foreach_add(squared_moves, epsilon))
    torch._foreach_sqrt_(moves)
    torch._foreach_mul_(moves, gradients)
    scales = torch._foreach_add(squares, epsilon)
    torch._foreach_sqrt_(scales)
    torch._foreach_div_(moves, scales)
    _average_squares(squared_moves, moves, rho)
    torch._foreach_mul_(moves, _match(rate, parameters))
    torch._foreach_sub_(parameters, moves)


def adam_step(
    parameters: Tensors,
    gradients: Tensors,
    averages: Tensors,
    squares: Tensors,
    largest_squares: Tensors,
    rate: Scalar,
    time: Scalar,
    beta_1: torch.Tensor,
    beta_2: torch.Tensor,
    epsilon: float,
    amsgrad: bool,
) -> None:
    """Move weights by `-rate_t * m / (sqrt(v) + epsilon)`, `rate_t = rate * sqrt(1 - b2^t) / (1 - b1^t)`."""
    first, second = read_setting(beta_1), read_setting(beta_2)
    rate_t = rate * ((1.0 - second**time) ** 0.5 / (1.0 - first**time))
    # torch's fused kernel corrects the averages for their start at zero, and scales epsilon with it; Keras
    # corrects the rate alone. After infinitely many steps there is nothing to correct.
    steps = [_endless_count(parameters[0].device)] * len(parameters)
    torch._fused_adam_(
        parameters,
        _lay_out(gradients),
        averages,
        squares,
        largest_squares if amsgrad else [],
        steps,
        lr=rate_t if isinstance(rate_t, float) else rate_t.float(),
        beta1=first,
        beta2=second,
        weight_decay=0.0,
        eps=epsilon,
        amsgrad=amsgrad,
        maximize=False,
    )


def adamax_step(
    parameters: Tensors,
    gradients: Tensors,
    averages: Tensors,
    largest: Tensors,
    rate: Scalar,
    time: Scalar,
    beta_1: torch.Tensor,
    beta_2: torch.Tensor,
    epsilon: float,
) -> None:
    """Move weights by `-rate / (1 - b1^t) * m / (u + epsilon)`, `u = max(b2 * u, abs(g))`."""
    first = read_setting(beta_1)
    _average(averages, gradients, first)
    torch._foreach_mul_(largest, read_setting(beta_2))
    torch._foreach_maximum_(largest, torch._foreach_abs(gradients))
    moves = torch._foreach_div(averages, torch._foreach_add(largest, epsilon))
    torch._foreach_mul_(moves, _match(rate / (1.0 - first**time), parameters))
    torch._foreach_sub_(parameters, moves)


def nadam_step(
    parameters: Tensors,
    gradients: Tensors,
    averages: Tensors,
    squares: Tensors,
    rate: Scalar,
    time: Scalar,
    m_schedule: torch.Tensor,
    beta_1: torch.Tensor,
    beta_2: torch.Tensor,
    schedule_decay: float,
    epsilon: float,
) -> None:
    """Move weights as Adam with Nesterov's momentum, whose factor warms up by a schedule (Dozat 2015)."""
    first, second = read_setting(beta_1), read_setting(beta_2)
    momentum = first * (1.0 - 0.5 * 0.96 ** (time * schedule_decay))
    next_momentum = first * (1.0 - 0.5 * 0.96 ** ((time + 1.0) * schedule_decay))
    product = _read_scalar(m_schedule) * momentum
    m_schedule.fill_(product)
    _average(averages, gradients, first)
    _average_squares(squares, gradients, second)
    scales = torch._foreach_div(squares, _match(1.0 - second**time, parameters))
    torch._foreach_sqrt_(scales)
    torch._foreach_add_(scales, epsilon)
    moves = torch._foreach_mul(gradients, _match(rate * (1.0 - momentum) / (1.0 - product), parameters))
    ahead = _match(rate * next_momentum / (1.0 - product * next_momentum), parameters)
    torch._foreach_add_(moves, torch._foreach_mul(averages, ahead))
    torch._foreach_div_(moves, scales)
    torch._foreach_sub_(parameters, moves)


def _mark_changed(parameters: Tensors) -> None:
    """Raise the versions of weights, as torch's fused kernels don't: predictions compute anew by them."""
    torch.autograd.graph.increment_version(parameters)


@functools.cache
def _endless_count(device: torch.device) -> torch.Tensor:
    return torch.full((), torch.inf, device=device)


def _match(scalar: Scalar, parameters: Tensors) -> Scalar:
    """Give a tensor the type of the weights, without which torch's kernels work weight by weight."""
    return scalar if isinstance(scalar, float) else scalar.to(parameters[0].dtype)


def _lay_out(tensors: Sequence[torch.Tensor]) -> Tensors:
    """Put tensors in the order in which weights lie: fused kernels go through memory whatever the strides."""
    return [tensor.contiguous() for tensor in tensors]


def _average(averages: Tensors, values: Tensors, share: float) -> None:
    torch._foreach_mul_(averages, share)
    torch._foreach_add_(averages, values, alpha=1.0 - share)


def _average_squares(averages: Tensors, values: Tensors, share: float) -> None:
    torch._foreach_mul_(averages, share)
    torch._foreach_addcmul_(averages, values, values, 1.0 - share)


def _move(
    parameters: Tensors,
    gradients: Tensors,
    squares: Tensors,
    rate: torch.Tensor,
    epsilon: float,
    has_inner_epsilon: bool,
) -> None:
    if has_inner_epsilon:
        scales = list(torch._foreach_add(squares, epsilon))
        torch._foreach_sqrt_(scales)
    else:
        scales = list(torch._foreach_sqrt(squares))
        torch._foreach_add_(scales, epsilon)
    moves = torch._foreach_div(gradients, scales)
    torch._foreach_mul_(moves, _match(rate, parameters))
    torch._foreach_sub_(parameters, moves)

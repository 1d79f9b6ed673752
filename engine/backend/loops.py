"""Loops over an axis: recurrence, maps and folds (manual, section 14.5).

The function given is traced once and runs as straight-line torch code at each step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch

from engine.backend import casting
from engine.backend.inference import is_computing
from engine.backend.subgraph import Loop, Subgraph, next_serial
from engine.backend.symbolic import SymbolicTensor, record
from engine.backend.tensors import constant

Step = Callable[..., Sequence[torch.Tensor]]


def _to_symbolic(value: Any) -> SymbolicTensor:
    return value if isinstance(value, SymbolicTensor) else constant(value, getattr(value, "dtype", None))


def _stand_in(tensor: SymbolicTensor, axis: int | None = None) -> SymbolicTensor:
    """Return a tensor without a value in the shape of `tensor`, or of its slices along an axis."""
    examples, shape = tensor.examples, tensor.shape
    if axis is not None:
        first, second = tensor.examples
        sliced = first.select(axis, 0)
        examples = (sliced, sliced if second is first else second.select(axis, 0))
        shape = (*shape[:axis], *shape[axis + 1 :])
    made = SymbolicTensor(examples, f"step_of_{tensor.name}", shape=shape)
    made._uses_learning_phase = tensor._uses_learning_phase
    return made


def _trace(function: Callable[..., Sequence[Any]], stand_ins: list[SymbolicTensor]) -> Subgraph:
    since = next_serial()
    outputs = [_to_symbolic(output) for output in function(*stand_ins)]
    return Subgraph(stand_ins, outputs, since)


def _add_axis(tensor: Any, axis: int, like: SymbolicTensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return examples of stacked outputs: `tensor` at each position along an axis of `like`."""

    def example(run: int) -> torch.Tensor:
        sizes = list(tensor.examples[run].shape)
        sizes.insert(axis, like.examples[run].shape[axis])
        return tensor.examples[run].new_empty(sizes, device="meta")

    return (example(0), example(1))


def _record(loop: Any, args: tuple, results: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> tuple[Any, ...]:
    first, second = zip(*results)
    recorded = record(loop, args, results=(first, second))
    uses_learning_phase = any(output._uses_learning_phase for output in loop.subgraph.outputs)
    for tensor in recorded:
        tensor._uses_learning_phase |= uses_learning_phase
    return recorded


def _iterate_states(
    step: Step,
    inputs: torch.Tensor,
    states: Sequence[torch.Tensor],
    mask: torch.Tensor | None,
    free: Sequence[torch.Tensor],
    backwards: bool,
    unrolled: bool,
) -> tuple[torch.Tensor, ...]:
    """Run the steps in order; where a step is masked, output and states stay what they were."""
    steps = inputs.unbind(1)
    flags = None if mask is None else mask.bool().unbind(1)
    outputs: list[torch.Tensor] = []
    for number in range(len(steps)) if not backwards else reversed(range(len(steps))):
        output, *news = step(steps[number], *states, *free)
        if flags is not None:
            before = states[0]
            if unrolled:
                before = outputs[-1] if outputs else torch.zeros_like(output)
            output = _hold(flags[number], output, before)
            news = [_hold(flags[number], new, old) for new, old in zip(news, states, strict=True)]
        states = news
        outputs.append(output)
    return (outputs[-1], torch.stack(outputs, 1), *states)


def _hold(flag: torch.Tensor, new: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
    return torch.where(flag.reshape(flag.shape[0], *[1] * (new.ndim - 1)), new, old)


def rnn(
    step_function: Callable[..., Any],
    inputs: Any,
    initial_states: Sequence[Any],
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence[Any] | None = None,
    unroll: bool = False,
    input_length: int | None = None,
) -> tuple[Any, Any, list[Any]]:
    """Run a step over the time axis of a tensor.

    Args:
        step_function: takes the input of one step (samples, ...) and the list of states followed by the
            constants; gives the output and the list of new states.
        inputs: (samples, time, ...).
        initial_states: the states before the first step; with a mask the first has the output's shape.
        go_backwards: whether to begin at the last step; outputs then come in that order.
        mask: (samples, time) or (samples, time, 1); a step that is 0 there leaves output and states as they
            were.
        constants: passed to each step.
        unroll: whether the number of steps is fixed; masked outputs before the first step are then zeros
            rather than the first state, as in Keras.
        input_length: number of steps, where `inputs` does not tell and `unroll` is set.

    Returns:
        The last output (samples, ...), all outputs (samples, time, ...) and the list of last states.

    Raises:
        ValueError: `inputs` has fewer than three axes, `unroll` is set and the number of steps unknown, or
            there is a mask but no state.
    """
    if len(inputs.shape) < 3:
        raise ValueError(f"Input should be at least 3D. Found shape {tuple(inputs.shape)}.")
    if unroll and inputs.shape[1] is None and input_length is None:
        raise ValueError("Unrolling requires a fixed number of timesteps: give the inputs a known length.")
    if mask is not None and not initial_states:
        raise ValueError("A mask needs a state to hold on to: no initial states were given.")
    fixed = list(constants or [])

    def step(current: Any, *states: Any) -> list[Any]:
        output, news = step_function(current, [*states, *fixed])
        return [output, *news]

    if is_computing() and isinstance(inputs, torch.Tensor):
        last, outputs, *states = _iterate_states(
            step, inputs, list(initial_states), mask, (), go_backwards, unroll
        )
        return last, outputs, states
    inputs = _to_symbolic(inputs)
    before = [_to_symbolic(state) for state in initial_states]
    subgraph = _trace(step, [_stand_in(inputs, 1), *(_stand_in(state) for state in before)])
    output, *news = cast("list[SymbolicTensor]", subgraph.outputs)
    last, outputs, *states = _record(
        Loop(subgraph, _iterate_states),
        (inputs, before, mask, subgraph.free, go_backwards, unroll),
        [output.examples, _add_axis(output, 1, inputs), *(new.examples for new in news)],
    )
    last.shape, outputs.shape = output.shape, (output.shape[0], inputs.shape[1], *output.shape[1:])
    return last, outputs, list(states)


def _call_each(step: Step, elements: Sequence[torch.Tensor], free: Sequence[torch.Tensor]) -> tuple[Any, ...]:
    results = [step(*items, *free) for items in zip(*(tensor.unbind(0) for tensor in elements), strict=True)]
    return tuple(torch.stack(column) for column in zip(*results))


def _fold(
    step: Step, elements: torch.Tensor, value: torch.Tensor, free: Sequence[torch.Tensor], backwards: bool
) -> tuple[torch.Tensor]:
    items = elements.unbind(0)
    for item in reversed(items) if backwards else items:
        (value,) = step(value, item, *free)
    return (value,)


def map_fn(fn: Callable[..., Any], elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """Call a function with each element along the first axis and stack what it gives.

    Args:
        fn: takes an element, or a list of elements where `elems` is a list; gives a tensor or a list of them.
        elems: a tensor, or a list of tensors of the same length.
        name: ignored.
        dtype: element type of the result; what `fn` gives by default.
    """
    several = isinstance(elems, (list, tuple))
    gave_several = False

    def step(*items: Any) -> list[Any]:
        nonlocal gave_several
        given = fn(list(items) if several else items[0])
        gave_several = isinstance(given, (list, tuple))
        return list(given) if gave_several else [given]

    elements = list(elems) if several else [elems]
    if is_computing() and all(isinstance(tensor, torch.Tensor) for tensor in elements):
        results = _call_each(step, elements, ())
    else:
        symbolic = [_to_symbolic(tensor) for tensor in elements]
        subgraph = _trace(step, [_stand_in(tensor, 0) for tensor in symbolic])
        shapes = [_add_axis(output, 0, symbolic[0]) for output in subgraph.outputs]
        results = _record(Loop(subgraph, _call_each), (symbolic, subgraph.free), shapes)
    if dtype is not None:
        results = tuple(casting.cast(result, dtype) for result in results)
    return list(results) if gave_several else results[0]


def _reduce(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any, backwards: bool) -> Any:
    def step(*items: Any) -> list[Any]:
        return [fn(*items)]

    if is_computing() and isinstance(elems, torch.Tensor):
        value: Any = initializer
        rest: Any = elems
    else:
        rest = _to_symbolic(elems)
        value = None if initializer is None else _to_symbolic(initializer)
    if value is None:
        value, rest = (rest[-1], rest[:-1]) if backwards else (rest[0], rest[1:])
    if isinstance(rest, torch.Tensor):
        return _fold(step, rest, value, (), backwards)[0]
    subgraph = _trace(step, [_stand_in(value), _stand_in(rest, 0)])
    args = (rest, value, subgraph.free, backwards)
    (result,) = cast("list[SymbolicTensor]", subgraph.outputs)
    return _record(Loop(subgraph, _fold), args, [result.examples])[0]


def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """Combine the elements along the first axis from the first to the last.

    Args:
        fn: takes the value so far and an element; gives the next value.
        elems: a tensor.
        initializer: the first value; the first element by default.
        name: ignored.
    """
    return _reduce(fn, elems, initializer, backwards=False)


def foldr(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """Combine the elements along the first axis from the last to the first; arguments as in `foldl`."""
    return _reduce(fn, elems, initializer, backwards=True)

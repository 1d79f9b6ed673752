"""Results written over values that nobody reads any more: fewer pages are touched, and less memory is held."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch
from torch._ops import OpOverload

from engine.backend.recording import Call, Facts, Value, list_values

_aten = torch.ops.aten
# Kernels that go element by element, and their likes that are told where to write.
_WRITING: dict[OpOverload, OpOverload] = {
    _aten.add.Tensor: _aten.add.out,
    _aten.sub.Tensor: _aten.sub.out,
    _aten.mul.Tensor: _aten.mul.out,
    _aten.div.Tensor: _aten.div.out,
    _aten.threshold_backward.default: _aten.threshold_backward.grad_input,
    _aten.sigmoid_backward.default: _aten.sigmoid_backward.grad_input,
    _aten.tanh_backward.default: _aten.tanh_backward.grad_input,
}
# Whose results share no memory with anything, but for declared views and this one kernel's.
_NAMESPACES = ("aten", "mkldnn")
_UNDECLARED_VIEW = _aten._unsafe_view.default


def reuse_memory(calls: Sequence[Call], facts: Sequence[Facts], kept: Iterable[int]) -> list[Call]:
    """Return calls with the same results that write over values after their last use.

    Args:
        calls: the calls, in order.
        facts: what is known of their values.
        kept: numbers of the values that must stay: what outlives the run, and what it gives away.
    """
    barred = {facts[number].root for number in kept}
    made: set[int] = set()
    last_uses: dict[int, int] = {}
    for place, call in enumerate(calls):
        given = {facts[value.number].root for value in list_values((call.args, call.kwargs))}
        found = {facts[value.number].root for value in list_values(call.results)}
        last_uses.update(dict.fromkeys(given, place))
        if getattr(call.function, "namespace", None) not in _NAMESPACES or call.function is _UNDECLARED_VIEW:
            barred |= given | found
        made |= found - given
    free = made - barred
    return [
        _write_over(call, facts, {root for root in free if last_uses.get(root) == place})
        if call.function in _WRITING
        else call
        for place, call in enumerate(calls)
    ]


def _write_over(call: Call, facts: Sequence[Facts], dying: set[int]) -> Call:
    """Let a call write over one of its arguments, if one fits whose memory is free behind it."""
    kernel = _WRITING[call.function]
    given = [argument for argument in call.args if isinstance(argument, Value)]
    tensors = [each for each in call.function._schema.arguments if isinstance(each.type, torch.TensorType)]
    roots = [facts[value.number].root for value in given]
    if len(given) < len(tensors) or len(set(roots)) < len(roots):
        return call
    for value, root in zip(given, roots, strict=True):
        if root in dying and facts[value.number].layout == facts[call.results.number].layout:
            out = kernel._schema.arguments[-1].name
            return replace(call, function=kernel, kwargs={**call.kwargs, out: value})
    return call

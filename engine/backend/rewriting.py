"""Rewriting of lowered graphs: passes that keep what a graph computes and make it cheaper."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from torch import fx

Pass = Callable[[fx.Graph], None]

_passes: list[Pass] = []


def use_passes(*passes: Pass) -> None:
    """Set the passes that run over each lowered graph, in this order."""
    _passes[:] = passes


def rewrite(graph: fx.Graph) -> None:
    """Run all passes over a graph, in place."""
    for run in _passes:
        run(graph)


def find_calls(graph: fx.Graph, *functions: Callable[..., Any]) -> Iterator[fx.Node]:
    """Yield the calls of some functions that somebody reads, in the order in which they run.

    Args:
        graph: the graph; what comes after the call at hand may be changed meanwhile.
        functions: functions as they are recorded: the attribute `compute` of a `K` function.
    """
    for node in list(graph.nodes):
        if node.op == "call_function" and node.target in functions and node.users:
            yield node


@functools.cache
def _get_signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def read_arguments(node: fx.Node) -> dict[str, Any]:
    """Return the arguments of a call by name, defaults among them."""
    assert callable(node.target)
    bound = _get_signature(node.target).bind(*node.args, **node.kwargs)
    bound.apply_defaults()
    return bound.arguments


def read_captured(node: Any) -> Any:
    """Return the value that a node stands for where it is known before the graph runs, else None."""
    return node.meta.get("captured") if isinstance(node, fx.Node) else None


def replace_call(node: fx.Node, function: Callable[..., Any], *args: Any) -> fx.Node:
    """Put another call in a node's place, for all who read it, and return the new node."""
    with node.graph.inserting_before(node):
        new = node.graph.call_function(function, args)
    node.replace_all_uses_with(new)
    node.graph.erase_node(node)
    return new

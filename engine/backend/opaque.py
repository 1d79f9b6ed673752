"""Functions of torch tensors that a tracer takes for one operation each."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch

from engine.backend.precision import in_own_types

F = TypeVar("F", bound=Callable[..., Any])

# `torch.library.custom_op` would import `torch._dynamo` at the first call, which takes as long as torch itself.
_library = torch.library.Library("kerasd", "FRAGMENT")


def opaque(name: str, schema: str, shape: Callable[..., Any]) -> Callable[[F], F]:
    """Make a function one operation, `torch.ops.kerasd.NAME`, for whoever traces what torch is asked to do.

    A loop over the steps of a sequence so stays a loop. Where nobody traces the function is called as it is. It
    has no derivative of its own, and keeps the types of its arguments where precision is mixed.

    Args:
        name: the operation's name.
        schema: its arguments and results in the language of torch's operator schemas. Results may share memory
            with one another and with arguments.
        shape: takes the same arguments and gives empty results; for tensors without data.
    """

    def make(function: F) -> F:
        _library.define(f"{name}{schema}")
        _library.impl(name, torch.no_grad()(function), "CompositeExplicitAutograd")
        _library.impl(name, shape, "Meta")
        operation = getattr(torch.ops.kerasd, name).default

        @functools.wraps(function)
        def call(*args: Any) -> Any:
            with in_own_types():
                return operation(*args) if torch._C._len_torch_dispatch_stack() else function(*args)

        return cast(F, call)

    return make

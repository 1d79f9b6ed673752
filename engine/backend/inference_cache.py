"""Calls whose static shapes were inferred before: networks repeat the same calls on the same shapes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, WrapperDescriptorType
from typing import Any

import torch

from engine.backend.config import floatx, image_data_format
from engine.graph import Tensor

_MOST_CALLS = 4096
# Values that are nothing but themselves.
_PLAIN = (bool, int, float, str, type(None), type(...), torch.dtype)
_BUILTIN = (BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType)

_results: dict[Hashable, Any] = {}


def infer_once(
    infer: Callable[..., Any], function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]
) -> Any:
    """Return `infer(function, args, kwargs)`, or what it gave for a call that can't differ.

    Args:
        infer: gives a function's results on its arguments' examples.
        function: a function of torch tensors.
        args, kwargs: its arguments; symbolic tensors may lie anywhere in them.
    """
    if not _depends_on_arguments_alone(function):
        return infer(function, args, kwargs)
    try:
        key = (function, _describe(args), _describe(kwargs), floatx(), image_data_format())
    except TypeError:
        return infer(function, args, kwargs)
    results = _results.get(key)
    if results is None:
        results = infer(function, args, kwargs)
        if len(_results) >= _MOST_CALLS:
            _results.clear()
        _results[key] = results
    return results


def _depends_on_arguments_alone(function: Callable[..., Any]) -> bool:
    """Tell whether a function is torch's or the engine's own, not one made at run time around other values."""
    if isinstance(function, FunctionType):
        return function.__module__.startswith(("engine.", "torch.")) and "<" not in function.__qualname__
    return isinstance(function, _BUILTIN)


def _describe(value: Any) -> Hashable:
    """Return all that shape inference sees of an argument.

    Raises:
        TypeError: it may be more than can be told.
    """
    if isinstance(value, Tensor):
        examples = value.examples  # type: ignore[attr-defined]
        if any(example.device.type != "meta" for example in examples):
            raise TypeError("Its values count, as those of a shape do.")
        return tuple((example.shape, example.stride(), example.dtype) for example in examples)
    if isinstance(value, (tuple, list)):
        return (type(value), *map(_describe, value))
    if isinstance(value, dict):
        return tuple((key, _describe(item)) for key, item in value.items())
    if isinstance(value, _PLAIN):
        return (type(value), value)
    raise TypeError(f"A {type(value).__name__} may change.")

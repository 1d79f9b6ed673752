"""Keeping torch from importing sympy where sizes are plain numbers.

Functions on tensors without data are written for symbolic sizes too, and import what those need at each call: a third
of a second of each process, and 34 MiB. It is still imported as soon as anything asks for more than is answered here.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import torch._prims_common

_NAME = "torch.fx.experimental.symbolic_shapes"
_PLAIN = (bool, int, float)


def _is_plain(value: Any) -> bool:
    return type(value) in _PLAIN or (
        isinstance(value, (tuple, list)) and all(type(x) in _PLAIN for x in value)
    )


def _is_equal(x: Any, y: Any) -> bool:
    return tuple(x) == tuple(y) if isinstance(x, (tuple, list)) else x == y


# What the module's functions are where nothing is symbolic.
_ANSWERS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        (
            "expect_true",
            "guard_int",
            "guard_or_false",
            "guard_or_true",
            "guard_size_oblivious",
            "guarding_hint_or_throw",
            "statically_known_true",
        ),
        lambda value: value,
    ),
    "has_guarding_hint": lambda value: True,
    "is_nested_int": lambda value: False,
    "sym_and": lambda *values: all(values),
    "sym_eq": _is_equal,
    "sym_or": lambda *values: any(values),
}


class _PlainShapes(ModuleType):
    """Stands for torch's module until it is needed."""

    def __init__(self) -> None:
        super().__init__(_NAME)
        self.__spec__ = importlib.util.find_spec(_NAME)
        for name, answer in _ANSWERS.items():
            setattr(self, name, self._make_function(name, answer))

    def _make_function(self, name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        def function(*args: Any, **kwargs: Any) -> Any:
            if not kwargs and all(map(_is_plain, args)):
                return answer(*args)
            return getattr(self._load(), name)(*args, **kwargs)

        return function

    def __getattr__(self, name: str) -> Any:
        # What tells packages from modules is asked for at each import.
        if name == "__path__":
            raise AttributeError(name)
        return getattr(self._load(), name)

    def _load(self) -> ModuleType:
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        return importlib.import_module(_NAME)


def _import_expressions_late(name: str, *args: Any) -> Any:
    """Import as ever, but for `sympy`: as long as nobody has imported it there is none of its expressions."""
    if name == "sympy" and name not in sys.modules:
        return SimpleNamespace(Basic=_NoExpression)
    return builtins.__import__(name, *args)


class _NoExpression:
    """The class of no object."""


def _copy_function(function: FunctionType) -> FunctionType:
    """Return the function with imports of its own."""
    own_builtins = {**vars(builtins), "__import__": _import_expressions_late}
    copied = FunctionType(
        function.__code__,
        {**function.__globals__, "__builtins__": own_builtins},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copied.__kwdefaults__ = function.__kwdefaults__
    return copied


def avoid_symbolic_imports() -> None:
    """Let functions on tensors without data do without symbolic sizes; they give what they gave."""
    if _NAME in sys.modules:
        return
    sys.modules[_NAME] = _PlainShapes()
    original: Any = torch._prims_common.elementwise_dtypes
    copied = _copy_function(original)
    for name, module in list(sys.modules.items()):
        if name.startswith("torch.") and vars(module).get("elementwise_dtypes") is original:
            module.elementwise_dtypes = copied  # type: ignore[attr-defined]

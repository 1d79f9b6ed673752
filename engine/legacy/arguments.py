"""How arguments under earlier names become those of Keras 2."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Values that were spelled differently too, by the argument's old name.
_VALUES: dict[str, dict[Any, Any]] = {
    "dim_ordering": {"tf": "channels_last", "th": "channels_first", "default": None},
    "consume_less": {"cpu": 1, "mem": 1, "gpu": 2},
}

Rewrite = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Spellings:
    """How Keras 1 spelled the arguments of a function.

    Args:
        renamed: from an old name to the new one, or to several where one argument became several.
        rewrites: by an old name, what else happens to the arguments where it is among them; it changes them in
            place.
        positions: names of the positional arguments in the old order, where that differs.
        has_old_order: tells of positional and named arguments whether they are in that order.
    """

    renamed: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    rewrites: Mapping[str, Rewrite] = field(default_factory=dict)
    positions: tuple[str, ...] = ()
    has_old_order: Callable[[tuple[Any, ...], dict[str, Any]], bool] = lambda args, kwargs: False

    def update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments by their names in Keras 2.

        Raises:
            TypeError: an argument is given under both names.
            ValueError: Keras 2 has nothing like what an argument asks for.
        """
        result = dict(arguments)
        for old, rewrite in self.rewrites.items():
            if old in result:
                rewrite(result)
        for old, new in self.renamed.items():
            if old not in result:
                continue
            value = result.pop(old)
            if isinstance(value, str):
                value = _VALUES.get(old, {}).get(value, value)
            for name in (new,) if isinstance(new, str) else new:
                if name in result:
                    raise TypeError(f"`{old}` is Keras 1's name of `{name}`: give only one of them.")
                result[name] = value
        return result

    def name_positions(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return positional and named arguments, all of them named where they are in the old order."""
        if not args or len(args) > len(self.positions) or not self.has_old_order(args, kwargs):
            return args, kwargs
        return (), {**dict(zip(self.positions, args, strict=False)), **kwargs}


def accept_legacy_arguments(function: Any, name: str, spellings: Spellings) -> Any:
    """Return a method that takes its arguments under Keras 1's names too, with a warning.

    Args:
        function: the method; what it takes is still seen by `inspect.signature`.
        name: what the warning calls it.
        spellings: the old names.
    """
    old_names = {*spellings.renamed, *spellings.rewrites}
    parameters = list(inspect.signature(function).parameters.values())[1:]
    names = [item.name for item in parameters if item.kind is item.POSITIONAL_OR_KEYWORD]

    @functools.wraps(function)
    def accepting(self: Any, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = spellings.name_positions(args, kwargs)
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        if old_names.isdisjoint(given) or len(args) > len(names):
            return function(self, *args, **kwargs)
        updated = spellings.update(given)
        if updated.keys() != given.keys() or any(updated[key] is not given[key] for key in updated):
            ordered = {key: updated[key] for key in (*names, *updated) if key in updated}
            call = _describe_call(name, ordered)
            warnings.warn(f"Update your `{name}` call to the Keras 2 API: `{call}`", stacklevel=2)
        return function(self, **updated)

    return accepting


def legacy_arguments(table: Mapping[str, Spellings]) -> Callable[[Any], Any]:
    """Return a decorator for a class: its own methods that stand in a table take Keras 1's arguments.

    Args:
        table: spellings by the method's name.
    """

    def decorate(cls: Any) -> Any:
        for name, spellings in table.items():
            method = vars(cls).get(name)
            if inspect.isfunction(method):
                setattr(cls, name, accept_legacy_arguments(method, name, spellings))
        return cls

    return decorate


def _describe_call(name: str, arguments: dict[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={_describe(value)}' for key, value in arguments.items())})"


def _describe(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    # Arrays and objects would fill the screen.
    return repr(value) if isinstance(value, (int, float, tuple, type(None))) else f"<{type(value).__name__}>"

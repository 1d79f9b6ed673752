"""Custom objects, serialization and small checks, by Keras's names."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from engine.callbacks import Progbar
from engine.layers.base import unpack_singleton
from engine.registry import Registry, custom_object_scope, get_custom_objects, serialize_object

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "custom_object_scope",
    "deserialize_keras_object",
    "func_dump",
    "func_load",
    "get_custom_objects",
    "has_arg",
    "is_all_none",
    "object_list_uid",
    "serialize_keras_object",
    "slice_arrays",
    "to_list",
    "unpack_singleton",
]

CustomObjectScope = custom_object_scope
serialize_keras_object = serialize_object


def deserialize_keras_object(
    identifier: Any,
    module_objects: Mapping[str, Any] | None = None,
    custom_objects: dict[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """Make an object from its configuration, or find a function by its name.

    Args:
        identifier: `{"class_name": ..., "config": {...}}` or a name.
        module_objects: classes and functions by name.
        custom_objects: further ones, which come first.
        printable_module_name: what errors call such an object.

    Raises:
        ValueError: the name is unknown, or the identifier is neither.
    """
    registry = Registry(printable_module_name)
    registry.alias(**(module_objects or {}))
    if isinstance(identifier, str):
        return registry.lookup(identifier, custom_objects)
    return registry.deserialize(identifier, custom_objects)


def func_dump(func: Any) -> NoReturn:
    """Refuse to write a function's code.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        f"{func!r} can't be written as code: whoever reads such a file would run whatever code is in it. Write the "
        "function's name, and pass the function by `custom_objects` when reading."
    )


def func_load(code: Any, defaults: Any = None, closure: Any = None, globs: Any = None) -> NoReturn:
    """Refuse to make a function of code that was read.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        "A function can't be made of stored code: that would run whatever code is in the file. Pass the function "
        "by `custom_objects` under its name."
    )


def has_arg(fn: Any, name: str, accept_all: bool = False) -> bool:
    """Tell whether a function can be called with a keyword argument of that name.

    Args:
        fn: the function.
        name: the argument's name.
        accept_all: whether `**kwargs` counts.
    """
    parameters = inspect.signature(fn).parameters
    if accept_all and any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return True
    return name in parameters and parameters[name].kind in (
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )


def to_list(x: Any, allow_tuple: bool = False) -> list[Any]:
    """Return a list as it is, and anything else as a list of one.

    Args:
        x: anything.
        allow_tuple: whether a tuple becomes a list of its items.
    """
    if allow_tuple and isinstance(x, tuple):
        return list(x)
    return x if isinstance(x, list) else [x]


def object_list_uid(object_list: Any) -> str:
    """Return text that tells lists of objects apart by the objects' identity."""
    return ", ".join(str(id(item)) for item in to_list(object_list, allow_tuple=True))


def is_all_none(iterable_or_element: Any) -> bool:
    """Tell whether an item, or each item of a list or tuple, is None."""
    return all(item is None for item in to_list(iterable_or_element, allow_tuple=True))


def slice_arrays(arrays: Any, start: Any = None, stop: int | None = None) -> Any:
    """Return the same rows of an array, or of each array of a list.

    Args:
        arrays: an array, a list of arrays, or None.
        start: the first row, or the numbers of the rows.
        stop: the row to stop before.
    """
    if arrays is None:
        return [None]
    rows = list(start) if isinstance(start, Iterable) else slice(start, stop)
    if isinstance(arrays, list):
        return [None if array is None else array[rows] for array in arrays]
    return arrays[rows]

"""Names to objects and back: what every family's `get`, `serialize` and `deserialize` stand on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from engine.backend.state import get_state


class Registry:
    """A family of classes or functions by name.

    Args:
        kind: what errors call a member, such as `activation function`.
        refused: why certain names that are known elsewhere stand for nothing here.
    """

    def __init__(self, kind: str, refused: Mapping[str, str] | None = None) -> None:
        self.kind = kind
        self._refused = refused or {}
        self._objects: dict[str, Any] = {}

    def register(self, *names: str) -> Callable[[Any], Any]:
        """Return a decorator that registers a class or function under its own name and any further `names`."""

        def add(member: Any) -> Any:
            for name in (member.__name__, *names):
                self._objects[name] = member
            return member

        return add

    def alias(self, **names: Any) -> None:
        """Register objects under further names, given as keywords."""
        self._objects.update(names)

    @property
    def objects(self) -> dict[str, Any]:
        """The members by name, aliases included."""
        return dict(self._objects)

    def lookup(self, name: str, custom_objects: dict[str, Any] | None = None) -> Any:
        """Return the member called `name`; custom objects come first.

        Raises:
            ValueError: there is none.
        """
        for objects in (custom_objects or {}, get_state().custom_objects, self._objects):
            if name in objects:
                return objects[name]
        raise ValueError(self.explain(name))

    def explain(self, name: str) -> str:
        """Return why there is no member called `name`."""
        if name in self._refused:
            return f"{self.kind.capitalize()} {name} is not supported: {self._refused[name]}."
        return f"Unknown {self.kind}: {name}. Pass your own by `custom_objects`."

    def deserialize(self, identifier: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """Make an object from `{"class_name": ..., "config": {...}}` or from a name.

        A name gives a new instance of a class, or the function itself.

        Raises:
            ValueError: the name is unknown or the configuration is malformed.
        """
        if isinstance(identifier, dict):
            if "class_name" not in identifier or "config" not in identifier:
                raise ValueError(
                    f"Improper config format for a {self.kind}: it needs `class_name` and `config`. "
                    f"Found: {identifier!r}"
                )
            member = self.lookup(identifier["class_name"], custom_objects)
            if not hasattr(member, "from_config"):
                return member(**identifier["config"])
            if "custom_objects" in inspect.signature(member.from_config).parameters:
                merged = {**get_state().custom_objects, **(custom_objects or {})}
                return member.from_config(identifier["config"], custom_objects=merged)
            with custom_object_scope(custom_objects or {}):
                return member.from_config(identifier["config"])
        if isinstance(identifier, str):
            member = self.lookup(identifier, custom_objects)
            return member() if inspect.isclass(member) else member
        raise ValueError(f"Could not interpret a serialized {self.kind}: {identifier!r}")

    def get(self, identifier: Any) -> Any:
        """Return an object for None (None), a name, a configuration, a class or the object itself.

        Raises:
            ValueError: it can't be interpreted.
        """
        if identifier is None:
            return None
        if isinstance(identifier, (str, dict)):
            return self.deserialize(identifier)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            return identifier
        raise ValueError(f"Could not interpret {self.kind} identifier: {identifier!r}")


def serialize_object(instance: Any) -> Any:
    """Return what `Registry.deserialize` takes: a class name with its configuration, or a function's name.

    Raises:
        ValueError: the object has neither.
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        return {"class_name": type(instance).__name__, "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return instance.__name__
    raise ValueError(f"Cannot serialize {instance!r}: it has neither `get_config` nor a name.")


@contextmanager
def custom_object_scope(*custom_objects: dict[str, Any]) -> Iterator[None]:
    """Let names of custom objects be found while models are read.

    Args:
        custom_objects: dicts from name to class or function.
    """
    state = get_state()
    before = state.custom_objects
    state.custom_objects = {**before}
    for objects in custom_objects:
        state.custom_objects.update(objects)
    try:
        yield
    finally:
        state.custom_objects = before


def get_custom_objects() -> dict[str, Any]:
    """Return the dict of custom objects, which may be changed."""
    return get_state().custom_objects

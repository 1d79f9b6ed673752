"""What the engine remembers between calls: name counters, learning phase, variables not yet initialised.

The state lives in a context variable, so that two models can be built at once in one process and a service
can forget one: see `isolated_state`.
"""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from engine.backend.memory import release_freed_memory


class State:
    """Everything that `clear_session` forgets."""

    def __init__(self) -> None:
        self.uids: defaultdict[str, int] = defaultdict(int)
        self.learning_phase: Any = None
        self.name_scopes: list[str] = []
        self.used_names: list[set[str]] = []
        self.pending_variables: list[weakref.ref[Any]] = []
        self.custom_objects: dict[str, Any] = {}
        # Of recorded random functions that have a seed, in order.
        self.generators: list[weakref.ref[Any]] = []


_state: ContextVar[State] = ContextVar("engine_state", default=State())  # noqa: B039 - shared on purpose


def get_state() -> State:
    """Return the state of the running context."""
    return _state.get()


def reset_uids() -> None:
    """Forget all name counters."""
    get_state().uids.clear()


def get_uid(prefix: str = "") -> int:
    """Return the next number, from 1, for names that begin with `prefix`."""
    uids = get_state().uids
    uids[prefix] += 1
    return uids[prefix]


def clear_session() -> None:
    """Forget name counters, the learning phase and pending variables, and give freed memory to the system."""
    state = get_state()
    custom_objects = state.custom_objects
    state.__init__()  # type: ignore[misc]
    state.custom_objects = custom_objects
    release_freed_memory()


@contextmanager
def isolated_state() -> Iterator[State]:
    """Work in a fresh state that is forgotten at the end."""
    token = _state.set(State())
    try:
        yield _state.get()
    finally:
        _state.reset(token)


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Prefix the names of variables made inside with `name/`.

    Names are made unique within the outermost scope, so that a layer's weights are called the same whatever
    was built before it.
    """
    state = get_state()
    state.name_scopes.append(name)
    state.used_names.append(state.used_names[-1] if state.used_names else set())
    try:
        yield
    finally:
        state.name_scopes.pop()
        state.used_names.pop()


def make_variable_name(name: str) -> str:
    """Return `name` within the open scopes, with `_1`, `_2`... where it is taken, and TensorFlow's `:0`."""
    state = get_state()
    full = "/".join([*state.name_scopes, name])
    if not state.name_scopes:
        return full + ":0"
    used = state.used_names[-1]
    candidate, number = full, 0
    while candidate in used:
        number += 1
        candidate = f"{full}_{number}"
    used.add(candidate)
    return candidate + ":0"

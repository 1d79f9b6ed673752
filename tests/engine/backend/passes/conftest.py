"""What the tests of passes share: graphs lowered without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine import backend as K
from engine.backend import rewriting


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


@pytest.fixture
def without_passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], Any]:
    """Return what runs a function in a state of its own, in which graphs are lowered as they were recorded."""

    def run(function: Callable[[], Any]) -> Any:
        with K.isolated_state(), monkeypatch.context() as patch:
            patch.setattr(rewriting, "_passes", [])
            return function()

    return run


@pytest.fixture
def list_calls() -> Callable[[K.Function, int], list[str]]:
    """Return what lists the names of all functions that a lowered `K.function` calls."""

    def find(function: K.Function, phase: int = 0) -> list[str]:
        lowering = function.lower(phase)
        lowering.compile()
        nodes = lowering.module.graph.nodes
        return [node.target.__name__ for node in nodes if node.op == "call_function"]

    return find

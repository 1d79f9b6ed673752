"""Every signature that the manual prints for layers, models, backend and the functions given by name."""

import ast
import functools
import inspect
from pathlib import Path
from typing import Any

import pytest

import engine

LINES = (Path(__file__).parent.parent / "fixtures/manual/signatures.txt").read_text().splitlines()

# Callbacks of 2.1.6 call `min_delta` what the manual still calls `epsilon`, and take both.
RENAMED = {("keras.callbacks.ReduceLROnPlateau", "epsilon"): "min_delta"}
# The losses may all come from `add_loss`.
OPTIONAL = {("keras.models.Model.compile", "loss"), ("keras.models.Sequential.compile", "loss")}

Arguments = list[tuple[str, Any]]


def read_signature(line: str) -> tuple[str, Arguments]:
    """Return a printed signature's dotted name and its arguments with their defaults; `empty` for none."""
    name, _, arguments = line.partition("(")
    stub = ast.parse(f"def stub({arguments}: ...").body[0]
    assert isinstance(stub, ast.FunctionDef)
    defaults = [ast.literal_eval(default) for default in stub.args.defaults]
    missing = [inspect.Parameter.empty] * (len(stub.args.args) - len(defaults))
    return name, list(zip((argument.arg for argument in stub.args.args), [*missing, *defaults], strict=True))


SIGNATURES = dict(map(read_signature, LINES))


def find(name: str) -> Any:
    return functools.reduce(getattr, name.split(".")[1:], engine)


def expect(name: str) -> Arguments:
    return [
        (RENAMED.get((name, argument), argument), None if (name, argument) in OPTIONAL else default)
        for argument, default in SIGNATURES[name]
    ]


@pytest.mark.parametrize("name", SIGNATURES)
def test_has_the_manuals_arguments(name: str) -> None:
    parameters = [
        parameter
        for parameter in inspect.signature(find(name)).parameters.values()
        if parameter.name != "self"
    ]
    expected = expect(name)
    own = [(parameter.name, parameter.default) for parameter in parameters[: len(expected)]]
    assert own == expected
    assert all(
        parameter.default is not parameter.empty
        or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        for parameter in parameters[len(expected) :]
    )


@pytest.mark.parametrize("name", SIGNATURES)
def test_says_what_it_does(name: str) -> None:
    assert find(name).__doc__

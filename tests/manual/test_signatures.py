"""The signatures that the four notes print, and the manual's of chapter 13; those of other chapters stand elsewhere."""

from __future__ import annotations

import ast
import functools
import inspect
from pathlib import Path
from typing import Any

import pytest

from tests.manual.printed import keras

LINES = dict.fromkeys((Path(__file__).parent / "signatures.txt").read_text().splitlines())

# The first note prints tf.keras's LSTM; Keras 2.1.6 has other defaults. Other notes shorten, or keep Keras 1's.
OTHER_DEFAULTS: dict[str, dict[str, Any]] = {
    "keras.layers.LSTM": {"recurrent_activation": "hard_sigmoid", "implementation": 1},
    "keras.models.Sequential.compile": {"loss": None},
    "keras.models.Sequential.evaluate": {"x": None, "y": None, "batch_size": None},
    "keras.models.Sequential.fit": {"x": None, "y": None, "batch_size": None, "epochs": 1},
    "keras.models.Sequential.predict": {"batch_size": None},
    "keras.models.Sequential.predict_classes": {"batch_size": None, "verbose": 0},
}
# Arguments that layers take among `kwargs`.
AMONG_OTHERS = {"keras.layers.LSTM": {"time_major": False}}


def find(name: str) -> Any:
    return functools.reduce(getattr, name.split(".")[1:], keras)


def read_arguments(line: str) -> tuple[str, dict[str, Any]]:
    name, _, arguments = line.partition("(")
    stub = ast.parse(f"def stub({arguments}: ...").body[0]
    assert isinstance(stub, ast.FunctionDef)
    defaults = [ast.literal_eval(default) for default in stub.args.defaults]
    missing = [inspect.Parameter.empty] * (len(stub.args.args) - len(defaults))
    return name, {argument.arg: default for argument, default in zip(stub.args.args, [*missing, *defaults])}


@pytest.mark.parametrize("line", LINES)
def test_has_the_arguments(line: str) -> None:
    name, printed = read_arguments(line)
    parameters = inspect.signature(find(name)).parameters
    among_others = AMONG_OTHERS.get(name, {})
    own = {argument: parameters[argument].default for argument in printed if argument not in among_others}
    assert {**own, **among_others} == {**printed, **OTHER_DEFAULTS.get(name, {})}
    if among_others:
        find(name)(3, **among_others)

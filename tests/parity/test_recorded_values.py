"""The engine against single values that real Keras 2.1.6 computed, group by group."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import engine
from engine import (
    activations,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
)
from engine import backend as K
from engine.applications import imagenet_utils
from engine.preprocessing import image, sequence, text
from engine.utils import conv_utils, generic_utils, np_utils
from tests.parity.recorded import FIXTURES, decode

GROUPS = (
    "activations",
    "backend_ops",
    "constraints",
    "fit_histories",
    "image",
    "initializers",
    "layer_configs",
    "legacy_arguments",
    "losses",
    "metrics",
    "np_utils",
    "optimizers",
    "output_shapes",
    "regularizers",
    "sequence",
    "summaries",
    "text",
)
RECORDED = json.loads((FIXTURES / "keras216" / "values.json").read_text())["groups"]
CASES = [
    pytest.param(case, id=f"{group}-{case['id']}")
    for group in GROUPS
    for case in RECORDED[group]
    if case["kind"] != "info"
]
NAMES: dict[str, Any] = {
    "np": np,
    "keras": engine,
    "K": K,
    "layers": layers,
    "models": models,
    "losses": losses,
    "metrics": metrics,
    "activations": activations,
    "initializers": initializers,
    "regularizers": regularizers,
    "constraints": constraints,
    "optimizers": optimizers,
    "callbacks": callbacks,
    "image": image,
    "imagenet_utils": imagenet_utils,
    "sequence": sequence,
    "text": text,
    "np_utils": np_utils,
    "conv_utils": conv_utils,
    "generic_utils": generic_utils,
}


def compare(result: Any, expect: Any, kind: str, atol: float, rtol: float) -> None:
    if isinstance(expect, dict) and not isinstance(result, np.ndarray):
        assert set(result) == set(expect)
        for key in expect:
            compare(result[key], expect[key], kind, atol, rtol)
    elif isinstance(expect, list):
        assert len(result) == len(expect)
        for own, recorded in zip(result, expect, strict=True):
            compare(own, recorded, kind, atol, rtol)
    elif kind == "close" and isinstance(expect, (float, np.ndarray)) and result is not None:
        np.testing.assert_allclose(
            np.asarray(result, dtype=float), np.asarray(expect, dtype=float), atol=atol, rtol=rtol
        )
        if isinstance(expect, np.ndarray):
            assert np.shape(result) == expect.shape
    elif isinstance(expect, np.ndarray):
        np.testing.assert_array_equal(result, expect)
    else:
        assert result == expect


def compare_statistics(own: dict[str, Any], expect: dict[str, Any]) -> None:
    assert own["shape"] == expect["shape"]
    deviation = expect["std"]
    assert own["mean"] == pytest.approx(expect["mean"], abs=0.03 * deviation)
    assert own["std"] == pytest.approx(deviation, rel=0.03)
    slack = 1.5 * deviation
    assert own["min"] == pytest.approx(expect["min"], abs=slack)
    assert own["max"] == pytest.approx(expect["max"], abs=slack)


@pytest.mark.filterwarnings("ignore:Images in the data format")  # some have two channels
@pytest.mark.parametrize("case", CASES)
def test_recorded_value(case: dict[str, Any]) -> None:
    np.random.seed(0)
    names = {**NAMES, **{name: decode(array) for name, array in case.get("arrays", {}).items()}}
    with K.isolated_state():
        exec(case["code"], names)
    if case["kind"] == "stat":
        compare_statistics(names["result"], decode(case["expect"]))
    else:
        compare(
            names["result"], decode(case["expect"]), case["kind"], case.get("atol", 0), case.get("rtol", 0)
        )

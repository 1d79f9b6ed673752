"""Penalties on weights and outputs."""

import numpy as np
import pytest

from engine import backend as K
from engine import regularizers

W = np.array([[1.0, -2.0], [0.5, 3.0]], dtype="float32")


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.l1(0.1), 0.1 * np.abs(W).sum()),
        (regularizers.l2(0.2), 0.2 * (W**2).sum()),
        (regularizers.l1_l2(0.1, 0.2), 0.1 * np.abs(W).sum() + 0.2 * (W**2).sum()),
        (regularizers.get("l1"), 0.01 * np.abs(W).sum()),
        (regularizers.get("l1_l2"), 0.01 * np.abs(W).sum() + 0.01 * (W**2).sum()),
    ],
)
def test_penalty_and_round_trip(regularizer: regularizers.L1L2, expected: float) -> None:
    assert K.eval(regularizer(K.variable(W))) == pytest.approx(expected, rel=1e-6)
    described = regularizers.serialize(regularizer)
    assert described["class_name"] == "L1L2"
    assert regularizers.serialize(regularizers.deserialize(described)) == described


def test_no_penalty_is_zero() -> None:
    assert regularizers.L1L2()(K.variable(W)) == 0.0


def test_configuration_is_rounded_to_floatx() -> None:
    assert regularizers.l2(0.01).get_config() == {"l1": 0.0, "l2": 0.009999999776482582}


def test_identifiers() -> None:
    assert regularizers.get(None) is None
    assert regularizers.get(np.sum) is np.sum
    with pytest.raises(ValueError, match="l3"):
        regularizers.get("l3")

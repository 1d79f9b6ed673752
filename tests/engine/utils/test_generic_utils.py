"""Custom objects and small checks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import layers, models, regularizers
from engine.utils import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    generic_utils,
    get_custom_objects,
    serialize_keras_object,
)


class Halving(regularizers.Regularizer):
    def __init__(self, factor: float = 0.5) -> None:
        self.factor = factor

    def __call__(self, x: Any) -> Any:
        return self.factor

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor}


def triple(x: Any) -> Any:
    return 3 * x


@pytest.mark.parametrize("scope", [CustomObjectScope, custom_object_scope])
def test_names_mean_custom_objects_within_a_scope(scope: Any) -> None:
    """The manual's example (section 20.1)."""
    with scope({"Halving": Halving}, {"triple": triple}):
        layer = layers.Dense(3, kernel_regularizer="Halving", activation="triple")
        get_custom_objects()["inner"] = triple
    assert isinstance(layer.kernel_regularizer, Halving)
    assert layer.activation is triple
    assert "inner" not in get_custom_objects()
    with pytest.raises(ValueError, match="Halving"):
        layers.Dense(3, kernel_regularizer="Halving")


def test_a_model_is_read_back_within_a_scope() -> None:
    model = models.Sequential([layers.Dense(2, activation=triple, input_shape=(2,))])
    with CustomObjectScope({"triple": triple}):
        again = models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(np.ones((1, 2))), model.predict(np.ones((1, 2))))


def test_objects_go_to_configurations_and_back() -> None:
    config = serialize_keras_object(Halving(0.25))
    assert config == {"class_name": "Halving", "config": {"factor": 0.25}}
    assert deserialize_keras_object(config, {"Halving": Halving}).factor == 0.25
    assert deserialize_keras_object(config, custom_objects={"Halving": Halving}).factor == 0.25
    assert serialize_keras_object(triple) == "triple"
    assert deserialize_keras_object("triple", {"triple": triple}) is triple
    assert deserialize_keras_object("Halving", {"Halving": Halving}) is Halving
    with pytest.raises(ValueError, match="Unknown gadget: other"):
        deserialize_keras_object("other", {}, printable_module_name="gadget")


def test_code_is_neither_written_nor_run() -> None:
    with pytest.raises(ValueError, match="custom_objects"):
        generic_utils.func_dump(triple)
    with pytest.raises(ValueError, match="custom_objects"):
        generic_utils.func_load("4wEAAAA=")


def test_has_arg() -> None:
    def function(a: Any, *rest: Any, b: Any = 1, **others: Any) -> None: ...

    assert [generic_utils.has_arg(function, name) for name in ("a", "b", "rest", "others", "c")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert generic_utils.has_arg(function, "c", accept_all=True)
    assert not generic_utils.has_arg(triple, "c", accept_all=True)


def test_lists() -> None:
    given = [1]
    assert generic_utils.to_list(given) is given
    assert generic_utils.to_list((1, 2)) == [(1, 2)]
    assert generic_utils.to_list((1, 2), allow_tuple=True) == [1, 2]
    assert generic_utils.is_all_none([None, None])
    assert not generic_utils.is_all_none((None, 0))
    assert generic_utils.object_list_uid([given, triple]) == f"{id(given)}, {id(triple)}"
    x = np.arange(6)
    np.testing.assert_array_equal(generic_utils.slice_arrays(x, 1, 3), [1, 2])
    first, second = generic_utils.slice_arrays([x, None], [5, 0])
    np.testing.assert_array_equal(first, [5, 0])
    assert second is None
    assert generic_utils.slice_arrays(None) == [None]

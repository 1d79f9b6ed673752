"""First values of weights."""

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import initializers
from engine.layers import Layer
from engine.registry import custom_object_scope

CONFIGURED = [
    initializers.Zeros(),
    initializers.Ones(),
    initializers.Constant(0.3),
    initializers.RandomNormal(0.1, 0.2, seed=1),
    initializers.RandomUniform(-0.3, 0.4, seed=2),
    initializers.TruncatedNormal(0.5, 0.1, seed=3),
    initializers.VarianceScaling(3.0, "fan_out", "uniform", seed=4),
    initializers.Orthogonal(1.5, seed=5),
    initializers.Identity(0.7),
]
FACTORIES = ["lecun_uniform", "glorot_normal", "glorot_uniform", "he_normal", "lecun_normal", "he_uniform"]


def draw(initializer: Any, shape: tuple[int, ...]) -> np.ndarray:
    with K.computing():
        return np.asarray(initializer(shape))


@pytest.mark.parametrize("initializer", CONFIGURED, ids=lambda item: type(item).__name__)
def test_configuration_makes_the_same_values(initializer: Any) -> None:
    described = initializers.serialize(initializer)
    again = initializers.deserialize(described)
    assert type(again) is type(initializer)
    assert initializers.serialize(again) == described
    assert initializers.get(described).get_config() == initializer.get_config()
    np.testing.assert_array_equal(draw(again, (4, 4)), draw(initializer, (4, 4)))


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("zero", "Zeros"),
        ("zeros", "Zeros"),
        ("one", "Ones"),
        ("constant", "Constant"),
        ("normal", "RandomNormal"),
        ("random_uniform", "RandomUniform"),
        ("uniform", "RandomUniform"),
        ("truncated_normal", "TruncatedNormal"),
        ("identity", "Identity"),
        ("orthogonal", "Orthogonal"),
        ("VarianceScaling", "VarianceScaling"),
        *((name, "VarianceScaling") for name in FACTORIES),
    ],
)
def test_names(name: str, cls: str) -> None:
    assert type(initializers.get(name)).__name__ == cls
    assert type(initializers.deserialize({"class_name": name, "config": {}})).__name__ == cls


@pytest.mark.parametrize("name", FACTORIES)
@pytest.mark.parametrize("shape", [(200, 300), (3, 3, 20, 40)])
def test_scale_of_named_initializers(name: str, shape: tuple[int, ...]) -> None:
    field = np.prod(shape[:-2])
    fan_in, fan_out = field * shape[-2], field * shape[-1]
    variance = {"lecun": 1 / fan_in, "glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in}[name.split("_")[0]]
    values = draw(initializers.get({"class_name": name, "config": {"seed": 3}}), shape)
    if name.endswith("uniform"):
        limit = np.sqrt(3 * variance)
        assert 0.99 * limit < np.abs(values).max() <= limit
        assert values.std() == pytest.approx(np.sqrt(variance), rel=0.03)
    else:
        # Truncation at two deviations makes the deviation smaller, which Keras does not correct.
        assert 1.9 * np.sqrt(variance) < np.abs(values).max() <= 2 * np.sqrt(variance) * (1 + 1e-5)
        assert values.std() == pytest.approx(0.8796 * np.sqrt(variance), rel=0.03)


@pytest.mark.parametrize("name", ["random_normal", "glorot_uniform", "truncated_normal", "orthogonal"])
def test_numpy_seed_makes_values_repeatable(name: str) -> None:
    initializer = initializers.get(name)
    np.random.seed(5)
    first, second = draw(initializer, (6, 5)), draw(initializer, (6, 5))
    np.random.seed(5)
    np.testing.assert_array_equal(draw(initializer, (6, 5)), first)
    assert not np.array_equal(first, second)


def test_seed_of_orthogonal_leaves_the_global_generator_alone() -> None:
    np.random.seed(1)
    expected = np.random.random()
    np.random.seed(1)
    draw(initializers.Orthogonal(seed=9), (3, 3))
    assert np.random.random() == expected


@pytest.mark.parametrize("shape", [(3, 7), (7, 3), (2, 2, 3, 5)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    values = draw(initializers.Orthogonal(gain=2.0), shape)
    assert values.shape == shape
    flat = values.reshape(-1, shape[-1])
    product = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
    np.testing.assert_allclose(product, 4.0 * np.eye(len(product)), atol=1e-5)


def test_outside_of_computing_the_result_is_symbolic() -> None:
    tensor = initializers.Constant(2.0)((2, 3))
    assert K.int_shape(tensor) == (2, 3)
    np.testing.assert_array_equal(K.eval(tensor), np.full((2, 3), 2.0, "float32"))


def test_constant_takes_an_array() -> None:
    values = np.arange(6.0)
    np.testing.assert_array_equal(draw(initializers.Constant(values), (2, 3)), values.reshape(2, 3))


@pytest.mark.parametrize(
    ("shape", "data_format", "fans"),
    [
        ((3, 4), "channels_last", (3, 4)),
        ((5, 3, 4), "channels_last", (15, 20)),
        ((2, 2, 3, 4), "channels_last", (12, 16)),
        ((4, 3, 2, 2), "channels_first", (12, 16)),
        ((9,), "channels_last", (3.0, 3.0)),
    ],
)
def test_fans(shape: tuple[int, ...], data_format: str, fans: tuple[float, float]) -> None:
    assert initializers.compute_fans(shape, data_format) == fans


def test_custom_function_by_name() -> None:
    def my_init(shape, dtype=None):
        return K.constant(4.0, shape=shape, dtype=dtype)

    with custom_object_scope({"my_init": my_init}):
        assert initializers.get("my_init") is my_init
    assert initializers.serialize(my_init) == "my_init"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 0.0}, "scale"),
        ({"mode": "fan"}, "fan_avg"),
        ({"distribution": "cauchy"}, "uniform"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        initializers.VarianceScaling(**arguments)


def test_errors() -> None:
    with pytest.raises(ValueError, match="square"):
        draw(initializers.Identity(), (2, 3))
    for identifier in (None, "no_such", 3):
        with pytest.raises(ValueError, match="initializer"):
            initializers.get(identifier)


def test_weights_share_no_memory_with_what_an_initializer_keeps() -> None:
    kept: list[Any] = []

    class Keeping(initializers.RandomNormal):
        def __call__(self, shape: Any, dtype: Any = None) -> Any:
            if not kept:
                kept.append(super().__call__(shape, dtype))
            return kept[0]

    layer = Layer()
    first, second = (layer.add_weight(name, (3, 4), initializer=Keeping()) for name in "ab")
    start = K.get_value(first)
    K.set_value(first, np.ones((3, 4)))
    np.testing.assert_array_equal(K.get_value(second), start)
    np.testing.assert_array_equal(np.asarray(kept[0]), start)

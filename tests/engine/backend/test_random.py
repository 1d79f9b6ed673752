"""Random tensors: distributions, seeds, and states that can be saved."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from engine import backend as K

SIZE = 40_000


@pytest.mark.parametrize(
    ("draw", "mean", "deviation", "low", "high"),
    [
        (lambda: K.random_normal((SIZE,), 1.0, 2.0), 1.0, 2.0, -np.inf, np.inf),
        (lambda: K.random_uniform((SIZE,), -1.0, 3.0), 1.0, 4 / np.sqrt(12), -1.0, 3.0),
        (lambda: K.random_binomial((SIZE,), 0.3), 0.3, np.sqrt(0.21), 0.0, 1.0),
        # The standard deviation of a normal cut at two standard deviations is 0.8796.
        (lambda: K.truncated_normal((SIZE,), 1.0, 2.0), 1.0, 2 * 0.8796, -3.0, 5.0),
        (lambda: K.random_normal_variable((SIZE,), 1.0, 2.0), 1.0, 2.0, -np.inf, np.inf),
        (lambda: K.random_uniform_variable((SIZE,), 0.0, 1.0), 0.5, 1 / np.sqrt(12), 0.0, 1.0),
    ],
)
def test_draws_from_its_distribution(
    draw: Callable[[], Any], mean: float, deviation: float, low: float, high: float
) -> None:
    np.random.seed(1)
    tensor = draw()
    assert K.int_shape(tensor) == (SIZE,)
    value = K.eval(tensor)
    assert value.dtype == np.float32
    assert abs(value.mean() - mean) < 0.04 * deviation
    assert abs(value.std() - deviation) < 0.03 * deviation
    assert low <= value.min()
    assert value.max() <= high


def test_whole_numbers_are_drawn_below_the_upper_bound() -> None:
    value = K.eval(K.random_uniform((1000,), 2, 5, dtype="int32"))
    assert set(value) == {2, 3, 4}


def test_a_seed_repeats_and_a_recorded_draw_goes_on() -> None:
    first, second = (K.function([], [K.random_normal((3,), seed=4)]) for _ in range(2))
    a, b = first([])[0], first([])[0]
    assert (a != b).all()
    np.testing.assert_array_equal(second([])[0], a)
    np.testing.assert_array_equal(second([])[0], b)


def test_numpys_seed_repeats_initial_values() -> None:
    values = []
    for _ in range(2):
        np.random.seed(9)
        values.append(K.eval(K.random_normal_variable((4,), 0.0, 1.0)))
    np.testing.assert_array_equal(*values)


@pytest.mark.parametrize("seed", [None, 11])
def test_dropout_scales_what_it_keeps(seed: int | None) -> None:
    x = K.placeholder((None, 500))
    value = K.function([x], [K.dropout(x, 0.25, seed=seed)])([np.ones((20, 500))])[0]
    assert set(np.unique(value)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((value == 0).mean() - 0.25) < 0.03


@pytest.mark.parametrize("level", [0.0, 0.1, 0.5, 0.9, 0.999999])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_dropout_drops_its_share_of_each_of_four_neighbours(level: float, dtype: str) -> None:
    torch.manual_seed(3)
    x = K.placeholder((None, 3), dtype=dtype)
    value = K.function([x], [K.dropout(x, level)])([np.ones((40_001, 3), dtype=dtype)])[0].ravel()
    assert value.dtype == dtype
    # Random bits are drawn for four elements at a time.
    for place in range(4):
        assert abs((value[place::4] == 0).mean() - level) < 0.01
    pairs = (value[:-1] == 0) & (value[1:] == 0)
    assert abs(pairs.mean() - level**2) < 0.01


def test_dropout_goes_on_from_a_kept_state() -> None:
    x = K.placeholder((None, 30))
    draw = K.function([x], [K.dropout(x, 0.5), K.dropout(x, 0.5, seed=5)])
    ones = np.ones((3, 30))
    draw([ones])
    state = K.get_random_state()
    first = draw([ones])
    K.set_random_state(state)
    for again, value in zip(draw([ones]), first, strict=True):
        np.testing.assert_array_equal(again, value)


def test_noise_shape_shares_the_choice() -> None:
    x = K.placeholder((None, 8, 40))
    value = K.function([x], [K.dropout(x, 0.5, noise_shape=(None, 1, 40))])([np.ones((3, 8, 40))])[0]
    assert (value == value[:, :1]).all()
    assert len(np.unique(value[:, 0])) == 2


def test_dropout_refuses_to_drop_everything() -> None:
    with pytest.raises(ValueError, match="below 1"):
        K.dropout(K.placeholder((None, 2)), 1.0)


def test_a_saved_state_repeats_seeded_and_unseeded_draws() -> None:
    with K.isolated_state():
        x = K.placeholder((None, 50))
        outputs = [K.dropout(x, 0.5, seed=3), K.dropout(x, 0.5), K.random_normal((5,))]
        compute = K.function([x], outputs)
        compute([np.ones((2, 50))])
        state = K.get_random_state()
        first = [*compute([np.ones((2, 50))]), np.random.rand(3)]
        K.set_random_state(state)
        second = [*compute([np.ones((2, 50))]), np.random.rand(3)]
        for before, after in zip(first, second, strict=True):
            np.testing.assert_array_equal(before, after)
        del state["seeded/0"]
        with pytest.raises(ValueError, match="Build the same model"):
            K.set_random_state(state)


def test_inferring_shapes_draws_nothing() -> None:
    drawing = K.operation(lambda x: x + K.random_normal((3,)) + K.random_normal((3,), seed=1))
    np.random.seed(5)
    before = np.random.get_state()[2]
    assert K.int_shape(drawing(K.placeholder((None, 3)))) == (None, 3)
    assert np.random.get_state()[2] == before

"""Random tensors (manual, section 14.5).

With a `seed` a function draws from a generator of its own, which starts anew where the function is called and
goes on from run to run where it was recorded. Without, what is drawn once (an initial value) takes its seed
from NumPy's global generator, as Keras does, and what is drawn each run comes from torch's.
"""

from __future__ import annotations

import random
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from engine.backend.device import default_device
from engine.backend.dtypes import to_torch_dtype
from engine.backend.inference import is_computing
from engine.backend.shaping import to_sizes
from engine.backend.state import get_state
from engine.backend.symbolic import source
from engine.backend.tensors import late_variable
from engine.backend.variable import Variable

_LARGEST_SEED = 10**9


def make_generator(seed: int | None) -> torch.Generator | None:
    """Return a generator that starts from `seed`, or None for torch's global one."""
    if seed is None or default_device().type == "meta":
        return None
    generator = torch.Generator(default_device()).manual_seed(int(seed))
    if not is_computing():
        get_state().generators.append(weakref.ref(generator))
    return generator


def _make_draw_generator(seed: int | None) -> torch.Generator | None:
    if seed is None and is_computing() and default_device().type != "meta":
        seed = np.random.randint(_LARGEST_SEED)
    return make_generator(seed)


def seed_default_generators(seed: int) -> None:
    """Start torch's global generators, of all devices, anew from a seed."""
    torch.manual_seed(seed)


def get_random_state() -> dict[str, np.ndarray]:
    """Return the states of all random generators as arrays by name, for a checkpoint.

    These are Python's, NumPy's and torch's global ones, and those of the recorded functions that have a seed.
    """
    _, python_keys, python_gauss = random.getstate()
    _, keys, position, has_gauss, gauss = np.random.get_state()
    state = {
        "python/keys": np.array(python_keys, dtype="uint32"),
        "python/gauss": np.array([] if python_gauss is None else [python_gauss]),
        "numpy/keys": np.array(keys),
        "numpy/position": np.array([position, has_gauss]),
        "numpy/gauss": np.array(gauss),
        "torch": torch.get_rng_state().numpy(),
    }
    for place, generator in enumerate(_list_generators()):
        state[f"seeded/{place}"] = generator.get_state().numpy()
    if default_device().type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(default_device()).numpy()
    return state


def set_random_state(state: dict[str, np.ndarray]) -> None:
    """Restore what `get_random_state` returned, in a process that recorded the same functions.

    Raises:
        ValueError: another number of seeded functions was recorded.
    """
    generators = _list_generators()
    count = sum(name.startswith("seeded/") for name in state)
    if len(generators) != count:
        raise ValueError(
            f"The random state belongs to {count} seeded functions, but {len(generators)} "
            "were recorded. Build the same model before restoring it."
        )
    python_gauss = state["python/gauss"].tolist()
    random.setstate((3, tuple(state["python/keys"].tolist()), python_gauss[0] if python_gauss else None))
    position, has_gauss = state["numpy/position"].tolist()
    np.random.set_state(("MT19937", state["numpy/keys"], position, has_gauss, float(state["numpy/gauss"])))
    torch.set_rng_state(torch.tensor(state["torch"]))
    for place, generator in enumerate(generators):
        generator.set_state(torch.tensor(state[f"seeded/{place}"]))
    if "cuda" in state and default_device().type == "cuda":
        torch.cuda.set_rng_state(torch.tensor(state["cuda"]), default_device())


def _list_generators() -> list[torch.Generator]:
    generators = (reference() for reference in get_state().generators)
    return [generator for generator in generators if generator is not None]


def _make_empty(shape: Any, dtype: Any) -> torch.Tensor:
    return torch.empty(to_sizes(shape), dtype=to_torch_dtype(dtype), device=default_device())


@source
def _draw_normal(shape: Any, mean: Any, stddev: Any, dtype: Any, generator: Any) -> Any:
    return _scale(_make_empty(shape, dtype).normal_(generator=_usable(generator)), stddev, mean)


@source
def _draw_uniform(shape: Any, minval: Any, maxval: Any, dtype: Any, generator: Any) -> Any:
    drawn = _make_empty(shape, dtype)
    if not drawn.is_floating_point():
        return drawn.random_(int(minval), int(maxval), generator=_usable(generator))
    return _scale(drawn.uniform_(generator=_usable(generator)), maxval - minval, minval)


@source
def _draw_binomial(shape: Any, p: Any, dtype: Any, generator: Any) -> Any:
    drawn = torch.empty(to_sizes(shape), device=default_device()).uniform_(generator=_usable(generator))
    return (drawn < p).to(to_torch_dtype(dtype))


@source
def _draw_truncated_normal(shape: Any, mean: Any, stddev: Any, dtype: Any, generator: Any) -> Any:
    drawn = torch.nn.init.trunc_normal_(_make_empty(shape, dtype), generator=_usable(generator))
    return _scale(drawn, stddev, mean)


def _scale(drawn: torch.Tensor, factor: Any, shift: Any) -> torch.Tensor:
    """Return `drawn * factor + shift`; numbers, which change neither shape nor type, in place."""
    if isinstance(factor, (int, float)) and isinstance(shift, (int, float)) and drawn.is_floating_point():
        return drawn.mul_(factor).add_(shift)
    return drawn * factor + shift


def _usable(generator: torch.Generator | None) -> torch.Generator | None:
    """Draw nothing while shapes are inferred."""
    return None if default_device().type == "meta" else generator


def random_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """Draw from a normal distribution.

    Args:
        shape: shape of the result.
        mean, stddev: mean and standard deviation.
        dtype: element type; `floatx` by default.
        seed: makes the draws repeatable.
    """
    return _draw_normal(shape, mean, stddev, dtype, _make_draw_generator(seed))


def random_uniform(
    shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """Draw from a uniform distribution.

    Args:
        shape: shape of the result.
        minval, maxval: bounds; the upper one is never drawn.
        dtype: element type; `floatx` by default.
        seed: makes the draws repeatable.
    """
    return _draw_uniform(shape, minval, maxval, dtype, _make_draw_generator(seed))


def random_binomial(shape: Any, p: Any = 0.0, dtype: Any = None, seed: int | None = None) -> Any:
    """Draw 1 with probability `p`, else 0.

    Args:
        shape: shape of the result.
        p: the probability.
        dtype: element type; `floatx` by default.
        seed: makes the draws repeatable.
    """
    return _draw_binomial(shape, p, dtype, _make_draw_generator(seed))


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: int | None = None
) -> Any:
    """Draw from a normal distribution; what is over two standard deviations from the mean is drawn again.

    Args:
        shape: shape of the result.
        mean, stddev: mean and standard deviation before truncation.
        dtype: element type; `floatx` by default.
        seed: makes the draws repeatable.
    """
    return _draw_truncated_normal(shape, mean, stddev, dtype, _make_draw_generator(seed))


def random_uniform_variable(
    shape: Sequence[int],
    low: float,
    high: float,
    dtype: Any = None,
    name: str | None = None,
    seed: int | None = None,
) -> Variable:
    """Make a variable whose first value is drawn from a uniform distribution.

    Args:
        shape: its shape.
        low, high: bounds.
        dtype: element type; `floatx` by default.
        name: a name.
        seed: makes the draw repeatable.
    """
    return late_variable(shape, lambda: random_uniform(shape, low, high, dtype, seed), dtype, name)


def random_normal_variable(
    shape: Sequence[int],
    mean: float,
    scale: float,
    dtype: Any = None,
    name: str | None = None,
    seed: int | None = None,
) -> Variable:
    """Make a variable whose first value is drawn from a normal distribution.

    Args:
        shape: its shape.
        mean, scale: mean and standard deviation.
        dtype: element type; `floatx` by default.
        name: a name.
        seed: makes the draw repeatable.
    """
    return late_variable(shape, lambda: random_normal(shape, mean, scale, dtype, seed), dtype, name)

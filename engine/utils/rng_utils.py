"""Repeatable runs (manual, section 3.3.20)."""

from __future__ import annotations

import random

import numpy as np

from engine.backend.random import seed_default_generators


def set_random_seed(seed: int) -> None:
    """Seed the random numbers of Python, NumPy and torch, and so first weights, dropout and the order of samples.

    The order of sets of strings hangs on `PYTHONHASHSEED`, which Python reads when it starts: set it before, as in
    `PYTHONHASHSEED=0 python script.py`.

    Args:
        seed: an integer from 0 to 2**32 - 1.

    Raises:
        ValueError: it is not.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"A seed is an integer from 0 to 2**32 - 1. Received: {seed}")
    random.seed(seed)
    np.random.seed(seed)
    seed_default_generators(seed)

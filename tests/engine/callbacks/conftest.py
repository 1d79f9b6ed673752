"""What callbacks are tested with."""

from typing import Any

import numpy as np
import pytest

from engine import layers, models


@pytest.fixture
def model() -> Any:
    """Gives a small compiled model of one weight."""
    made = models.Sequential([layers.Dense(1, use_bias=False, input_shape=(1,), kernel_initializer="ones")])
    made.compile("sgd", "mse", metrics=["mae"])
    return made


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    """Gives six samples of y = 3x."""
    x = np.arange(1.0, 7.0).reshape(6, 1) / 6
    return x, 3 * x

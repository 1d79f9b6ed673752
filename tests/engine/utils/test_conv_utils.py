"""Sizes and kernels of convolutions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from engine.utils import conv_utils


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_converted_kernel_correlates_as_the_old_one_convolved(ndim: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6,) * ndim)
    kernel = rng.normal(size=(*(3,) * ndim, 1, 1))
    converted = conv_utils.convert_kernel(kernel)
    np.testing.assert_allclose(
        signal.correlate(x, converted[..., 0, 0], "valid"), signal.convolve(x, kernel[..., 0, 0], "valid")
    )
    np.testing.assert_array_equal(conv_utils.convert_kernel(converted), kernel)
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        conv_utils.convert_kernel(np.ones((2, 3)))


@pytest.mark.parametrize("name", ["valid", "same", "causal"])
def test_paddings(name: str) -> None:
    assert conv_utils.normalize_padding(name.upper()) == name
    with pytest.raises(ValueError, match="full"):
        conv_utils.normalize_padding("full")


def test_causal_windows_leave_the_length() -> None:
    assert conv_utils.conv_output_length(10, 3, "causal", 2, dilation=2) == 5
    assert conv_utils.conv_output_length(10, 3, "valid", 1, dilation=2) == 6
    assert conv_utils.conv_output_length(10, 3, "full", 1) == 12

"""Maxima of pairs, which predictions take, are those of the kernel that notes their places for the derivative."""

from __future__ import annotations

import pytest
import torch

from engine import backend as K

pool = K.pool2d.compute


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("sizes", [(6, 8), (7, 9), (2, 3), (3, 2), (2, 2)], ids=str)
def test_maxima_are_the_same_with_a_derivative_and_without(
    sizes: tuple[int, int], padding: str, data_format: str
) -> None:
    shape = (2, *sizes, 3) if data_format == "channels_last" else (2, 3, *sizes)
    x = torch.randn(shape)
    x[0, -1, -1, -1], x[0, 0, 0, 0], x[1, 0, 0, 0] = torch.nan, torch.inf, -torch.inf
    found = pool(x, (2, 2), (2, 2), padding, data_format)
    noted = pool(x.requires_grad_(), (2, 2), (2, 2), padding, data_format)
    torch.testing.assert_close(found, noted.detach(), rtol=0, atol=0, equal_nan=True)
    assert noted.grad_fn is not None


def test_whole_numbers_have_maxima_too() -> None:
    x = torch.arange(16, dtype=torch.int32).reshape(1, 4, 4, 1)
    found = pool(x, (2, 2), (2, 2), "valid", "channels_last")
    assert found.flatten().tolist() == [5, 7, 13, 15]


def test_windows_need_room() -> None:
    rows = torch.zeros(1, 1, 5, 1)
    assert pool(rows, (2, 2), (2, 2), "same", "channels_last").shape == (1, 1, 3, 1)
    with pytest.raises(RuntimeError, match="too small"):
        pool(rows, (2, 2), (2, 2), "valid", "channels_last")

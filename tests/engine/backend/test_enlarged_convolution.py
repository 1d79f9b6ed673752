"""Convolutions by phases give what convolutions of the enlarged image give, derivatives too."""

from __future__ import annotations

import pytest
import torch

from engine import backend as K
from engine.backend.enlarged_convolution import Axis, convolve_by_phases, convolve_enlarged


def make_arguments(
    height: int, width: int, filters: int = 2
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    kinds = {"dtype": torch.float64}
    return (
        torch.randn(2, 3, 5, 4, **kinds),
        torch.randn(height, width, 3, filters, **kinds),
        torch.randn(filters, **kinds),
    )


@pytest.mark.parametrize("rectify", [False, True], ids=["plain", "rectified"])
@pytest.mark.parametrize("window", [(1, 1), (2, 2), (3, 3), (4, 5), (5, 2), (7, 3)], ids=str)
@pytest.mark.parametrize("factors", [(1, 1), (2, 2), (3, 1), (2, 4), (5, 3)], ids=str)
def test_results_are_those_of_the_enlarged_image(
    factors: tuple[int, int], window: tuple[int, int], rectify: bool
) -> None:
    x, kernel, bias = make_arguments(*window)
    enlarged = K.resize_images.compute(x, *factors, "channels_first")
    expected = K.conv2d.compute(
        enlarged, kernel, padding="same", data_format="channels_first", bias=bias, rectify=rectify
    )
    axes = Axis(factors[0], window[0]), Axis(factors[1], window[1])
    torch.testing.assert_close(convolve_by_phases(x, kernel, axes, bias, rectify), expected)


def test_first_and_second_derivatives_are_right() -> None:
    x, kernel, bias = make_arguments(3, 2, filters=1)
    arguments = [
        value.requires_grad_() for value in (x[:1, :2, :3, :2].detach(), kernel[:, :, :2].detach(), bias)
    ]
    axes = Axis(2, 3), Axis(3, 2)

    def convolve(x: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return convolve_by_phases(x, kernel, axes, bias)

    assert torch.autograd.gradcheck(convolve, arguments)
    assert torch.autograd.gradgradcheck(convolve, arguments)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("channels", "filters"), [(2, 2), (32, 16)], ids=["small", "large"])
def test_both_ways_give_the_same(channels: int, filters: int, data_format: str) -> None:
    """What is small is enlarged, since that costs less; what is large is not."""
    x = (
        torch.randn(16, 10, 9, channels)
        if data_format == "channels_last"
        else torch.randn(16, channels, 10, 9)
    )
    kernel, bias = torch.randn(3, 3, channels, filters), torch.randn(filters)
    enlarged = K.resize_images.compute(x, 2, 2, data_format)
    expected = K.conv2d.compute(enlarged, kernel, padding="same", data_format=data_format, bias=bias)
    found = convolve_enlarged(x, 2, 2, kernel, data_format, bias)
    assert torch.equal(found, expected) == (channels == 2)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)

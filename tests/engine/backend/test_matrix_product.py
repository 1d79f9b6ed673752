"""Products of large matrices have torch's values and derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.backend.matrix_product import multiply


def _derive_twice(product: Any, *tensors: torch.Tensor) -> list[torch.Tensor]:
    result = product(*tensors)
    first = torch.autograd.grad(result.square().mean(), tensors, create_graph=True)
    second = torch.autograd.grad(sum(gradient.square().sum() for gradient in first), tensors)
    return [result, *first, *second]


@pytest.mark.parametrize("rectify", [False, True])
@pytest.mark.parametrize(("rows", "size", "columns"), [(3, 4, 5), (300, 310, 320), (4096, 64, 64)])
def test_products_and_their_derivatives_are_those_of_torch(
    rows: int, size: int, columns: int, rectify: bool
) -> None:
    generator = torch.Generator().manual_seed(0)
    x, y, bias = (
        torch.randn(sizes, generator=generator, requires_grad=True)
        for sizes in ((rows, size), (size, columns), (columns,))
    )

    def multiply_plainly(x: torch.Tensor, y: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        product = torch.addmm(bias, x, y)
        return torch.relu(product) if rectify else product

    own = _derive_twice(lambda *tensors: multiply(*tensors, rectify), x, y, bias)
    doubles = [tensor.detach().double().requires_grad_() for tensor in (x, y, bias)]
    for ours, theirs in zip(own, _derive_twice(multiply_plainly, *doubles), strict=True):
        scale = float(theirs.detach().abs().max())
        np.testing.assert_allclose(ours.detach(), theirs.detach(), rtol=1e-4, atol=2e-6 * scale)

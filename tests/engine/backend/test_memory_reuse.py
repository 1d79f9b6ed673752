"""What nobody reads any more is written over, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from engine.backend.flattening import FlatteningRun
from engine.backend.memory_reuse import reuse_memory
from engine.backend.opaque import opaque
from engine.backend.recording import Recording, list_values

SIZE = 40


@opaque("give_back", "(Tensor x) -> Tensor", torch.empty_like)
def give_back(x: torch.Tensor) -> torch.Tensor:
    return x.view(x.shape)


def used_later(x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
    product = x * y
    total = product + x
    return [total * product]


def view_used_later(x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
    product = x * y
    flat = product.view(-1)
    total = product - x
    return [total.sum(), torch.exp(flat)]


def shared_with_opaque(x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
    product = x * y
    same = give_back(product)
    total = product + x
    return [torch.exp(total), torch.exp(same)]


def given_away(x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
    product = x * y
    return [product, product + x]


CASES: dict[str, tuple[Callable[..., list[torch.Tensor]], int]] = {
    "inputs": (lambda x, y: [x + y], 0),
    "numbers": (lambda x, y: [x * y * 2.0], 0),
    "last use": (lambda x, y: [x * y + x], 1),
    "second argument": (lambda x, y: [x - x * y], 1),
    "both": (lambda x, y: [x * y + (x - y) * x], 2),
    "itself": (lambda x, y: [(product := x * y) * product], 0),
    "its view": (lambda x, y: [(product := x * y) / product.t()], 0),
    "smaller": (lambda x, y: [(x * y)[:1] + x], 0),
    "used later": (used_later, 1),
    "view used later": (view_used_later, 0),
    "shared with opaque": (shared_with_opaque, 0),
    "given away": (given_away, 0),
}


@pytest.mark.parametrize("name", CASES)
def test_only_what_nobody_reads_any_more_is_written_over(name: str) -> None:
    function, expected = CASES[name]

    def run(values: Sequence[Any]) -> list[torch.Tensor]:
        return function(*values)

    def draw(seed: int) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        return [torch.randn(SIZE, SIZE, generator=generator) for _ in range(2)]

    with torch.no_grad():
        inputs = draw(0)
        with Recording(inputs, []) as recording:
            outputs = recording.find_results(run(inputs))
        kept = [value.number for value in list_values(outputs)]
        calls = reuse_memory(recording.calls, recording.facts, kept)
        changed = [
            new for old, new in zip(recording.calls, calls, strict=True) if new.function is not old.function
        ]
        flat = FlatteningRun(run, [], runs_before=0)
        for seed in range(4):
            values = draw(seed)
            for ours, plain in zip(flat(values), run(draw(seed)), strict=True):
                assert torch.equal(ours, plain)
            assert all(map(torch.equal, values, draw(seed)))
    assert flat.is_flat
    assert len(changed) == expected

"""Where things run."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import backend as K
from engine.backend.device import to_device
from engine.backend.lowering import Lowering

# The only device besides the CPU that every machine has; it computes shapes and no values.
ELSEWHERE = "meta"


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("/cpu:0", "cpu"),
        ("/device:CPU:0", "cpu"),
        ("/gpu:1", "cuda:1"),
        ("/GPU:0", "cuda:0"),
        ("gpu", "cuda"),
        ("cuda:1", "cuda:1"),
        ("cpu", "cpu"),
    ],
)
def test_names_of_devices(name: str, device: str) -> None:
    assert to_device(name) == torch.device(device)


def test_devices_of_this_machine() -> None:
    assert K.list_devices()[0] == "/cpu:0"
    assert len(K.list_devices()) == 1 + torch.cuda.device_count()


def test_a_scope_ends_with_an_error() -> None:
    def fail_elsewhere() -> None:
        with K.device_scope(ELSEWHERE):
            assert K.default_device() == torch.device(ELSEWHERE)
            raise KeyError

    before = K.default_device()
    with pytest.raises(KeyError):
        fail_elsewhere()
    assert K.default_device() == before


def test_operations_run_where_they_were_recorded() -> None:
    x = K.placeholder((None, 3))
    weights = K.variable(np.ones((3, 2)))
    with K.device_scope(ELSEWHERE):
        inside = K.dot(x, weights) + K.random_normal((2,))
    outside = K.sum(K.square(x))
    lowering = Lowering([x], [inside, outside])
    forward = lowering.compile()
    code = lowering.module.code
    with pytest.raises(NotImplementedError, match="meta tensor"):
        forward(torch.ones(4, 3), *lowering.captured)
    assert code.count("run_on(") == 3
    assert K.function([x], [outside])([np.ones((4, 3))])[0] == 12


def test_values_are_copied_there_and_back_once() -> None:
    x = K.placeholder((None, 3))
    weights = K.variable(np.full((3, 2), 2.0))
    with K.device_scope("/cpu:0"):
        inside = K.dot(x, weights) * K.dot(x, weights)
    outside = K.sum(inside) + K.mean(inside)
    lowering = Lowering([x], [outside])
    lowering.compile()
    # x and weights there, the product back.
    assert lowering.module.code.count("engine_backend_placement__copy_to(") == 3
    np.testing.assert_allclose(K.function([x], [outside])([np.ones((4, 3))])[0], 4 * 2 * 36 + 36, rtol=1e-6)


def test_derivatives_and_updates_cross_devices() -> None:
    x = K.placeholder((None, 3))
    weights = K.variable(np.ones((3, 1)))
    total = K.variable(0.0)
    with K.device_scope("/cpu:0"):
        y = K.sum(K.dot(x, weights) ** 2)
    gradient_x, gradient_w = K.gradients(y, [x, weights])
    data = np.arange(6.0).reshape(2, 3)
    step = K.function([x], [gradient_x, gradient_w], updates=[K.update_add(total, y)])
    found_x, found_w = step([data])
    sums = data.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found_x, 2 * sums * np.ones((2, 3)))
    np.testing.assert_allclose(found_w, (2 * sums * data).sum(axis=0)[:, None])
    assert K.get_value(total) == (sums**2).sum()


def test_random_numbers_and_loops_in_a_scope() -> None:
    x = K.placeholder((None, 4, 3))
    with K.device_scope("/cpu:0"):
        noise = K.random_normal((5,), seed=1)
        _, steps, _ = K.rnn(lambda x, states: (x + states[0], [x + states[0]]), x, [K.zeros_like(x[:, 0])])
    first, found = K.function([x], [noise, steps])([np.ones((2, 4, 3))])
    np.testing.assert_allclose(found[0, :, 0], [1, 2, 3, 4])
    assert first.shape == (5,)
    assert np.ptp(first) > 0

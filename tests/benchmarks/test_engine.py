"""Both sides of each benchmark do the same work, so that their times can be compared."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.engine.with_engine.runs import MODELS
from benchmarks.engine.with_engine.runs import Run as EngineRun
from benchmarks.engine.with_torch.runs import SETUPS
from benchmarks.engine.with_torch.runs import Run as TorchRun
from benchmarks.engine.workloads import WORKLOADS

# One workload a model; what is dropped differs between the sides.
BY_MODEL = {workload.model_name: workload for workload in reversed(WORKLOADS.values())}
WITH_DROPOUT = {"mnist_cnn", "vgg"}


def test_each_workload_has_both_sides() -> None:
    assert set(BY_MODEL) == set(MODELS) == set(SETUPS)


@pytest.mark.parametrize("name", sorted(BY_MODEL))
def test_both_sides_predict_the_same_and_learn_alike(name: str) -> None:
    workload = BY_MODEL[name]
    data = workload.make_data(2)
    plain, own = TorchRun(workload, data), EngineRun(workload, data)
    own.set_weights(plain.list_weights())
    for ours, theirs in zip(own.predict(), plain.predict(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    if name not in WITH_DROPOUT:
        # All rows are one batch: the order in which they are shuffled does not matter.
        losses = [(own.fit(), plain.fit()) for _ in range(3)]
        np.testing.assert_allclose(*zip(*losses, strict=True), rtol=2e-3)

"""Both sides of each benchmark do the same work, so that their times can be compared."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.engine.measuring import measure
from benchmarks.engine.report import format_row, format_table
from benchmarks.engine.together import Training
from benchmarks.engine.with_engine.runs import MODELS
from benchmarks.engine.with_engine.runs import Run as EngineRun
from benchmarks.engine.with_torch.runs import SETUPS
from benchmarks.engine.with_torch.runs import Run as TorchRun
from benchmarks.engine.workloads import WORKLOADS
from engine.backend import set_mixed_precision

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


@pytest.mark.parametrize("name", ["mlp", "mobilenet_block", "lstm_sigmoid"])
def test_both_sides_mix_precision_alike(name: str) -> None:
    workload = BY_MODEL[name]
    data = workload.make_data(2)
    try:
        plain, own = TorchRun(workload, data, "bfloat16"), EngineRun(workload, data, "bfloat16")
        own.set_weights(plain.list_weights())
        exact = TorchRun(workload, data)
        exact.setup.network.load_state_dict(plain.setup.network.state_dict())
        found = [run.predict() for run in (own, plain, exact)]
    finally:
        set_mixed_precision(None)
    for ours, theirs, precise in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=0.02)
        assert (theirs != precise).any()
        assert (ours != precise).any()


def test_a_row_has_every_figure_of_both_sides() -> None:
    row = measure(WORKLOADS["small_mlp"], rounds=1, steps=2, threads=1, by_cpu_time=True)
    assert row.fit is not None
    assert row.predict is not None
    pairs = (row.fit, row.predict, row.first_epoch, row.memory)
    assert all(figure > 0 for pair in pairs for figure in (pair.engine, pair.peer))
    assert format_table([row]).splitlines()[-1].count("|") == format_row(row).count("|")


def test_a_training_waits_until_it_is_told_to_go_on() -> None:
    training = Training("small_mlp", epochs=1, slots=2)
    assert training.is_waiting
    training.start()
    training.finish()
    assert not training.is_waiting

"""Averages over an epoch."""

from typing import Any

import pytest

from engine import callbacks


def test_averages_weighted_by_batch_size() -> None:
    logger = callbacks.BaseLogger(stateful_metrics=["count"])
    logger.set_params({"metrics": ["loss", "count", "absent"]})
    for _ in range(2):
        logger.on_epoch_begin(0)
        logger.on_batch_end(0, {"batch": 0, "size": 3, "loss": 2.0, "count": 1.0})
        logger.on_batch_end(1, {"batch": 1, "size": 1, "loss": 6.0, "count": 5.0})
        logs: dict[str, Any] = {}
        logger.on_epoch_end(0, logs)
        assert logs == {"loss": 3.0, "count": 5.0}


def test_values_on_the_device_are_not_read(model: Any, data: Any) -> None:
    seen = []
    looker = callbacks.LambdaCallback(
        on_batch_end=lambda batch, logs: seen.append(type(dict.__getitem__(logs, "loss")))
    )
    history = model.fit(*data, batch_size=3, verbose=0, callbacks=[looker])
    assert len(seen) == 2
    assert float not in seen
    assert history.history["loss"][0] == pytest.approx(model.history.history["loss"][0])

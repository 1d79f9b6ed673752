import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine import backend as K
from engine.callbacks import EarlyStopping, LearningRateScheduler, ModelCheckpoint
from engine.layers import Dense
from engine.models import Sequential
from worker.run.callbacks import EpochLog, LossGuard, NonFiniteLossError, make_callbacks


def test_callbacks_are_made_from_their_names_and_settings(tmp_path: Path) -> None:
    stopping, best, second = make_callbacks(
        [
            {"class_name": "EarlyStopping", "config": {"monitor": "loss", "patience": 3}},
            {"class_name": "ModelCheckpoint", "config": {"monitor": "loss", "save_best_only": False}},
            {"class_name": "ModelCheckpoint", "config": {"monitor": "acc"}},
        ],
        tmp_path,
    )
    assert isinstance(stopping, EarlyStopping)
    assert (stopping.monitor, stopping.patience) == ("loss", 3)
    assert isinstance(best, ModelCheckpoint)
    assert isinstance(second, ModelCheckpoint)
    assert [best.filepath, second.filepath] == [str(tmp_path / "best.h5"), str(tmp_path / "best-2.h5")]
    assert best.save_best_only


def test_a_learning_rate_holds_from_its_epoch_on(tmp_path: Path) -> None:
    table = {"0": 0.5, "10": 0.05, "2": 0.25}
    (scheduler,) = make_callbacks(
        [{"class_name": "LearningRateScheduler", "config": {"schedule": table, "verbose": 0}}], tmp_path
    )
    assert isinstance(scheduler, LearningRateScheduler)
    model = Sequential([Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    scheduler.set_model(model)
    rates = []
    for epoch in range(12):
        scheduler.on_epoch_begin(epoch)
        rates.append(float(K.get_value(model.optimizer.lr)))
    np.testing.assert_allclose(rates, [0.5] * 2 + [0.25] * 8 + [0.05] * 2)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_run(loss: float) -> None:
    guard = LossGuard()
    guard.on_epoch_end(0, {"loss": 1.0, "val_loss": math.nan})
    with pytest.raises(NonFiniteLossError, match="in epoch 8"):
        guard.on_epoch_end(7, {"loss": loss})


def test_epochs_are_kept_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    log = EpochLog(epochs=2)
    log.on_epoch_begin(0)
    log.on_epoch_end(0, {"loss": np.float32(0.5), "acc": 0.25})
    assert log.rows == [{"epoch": 0, "loss": 0.5, "acc": 0.25}]
    assert "Epoch 1/2" in (printed := capsys.readouterr().out)
    assert "loss: 0.5 - acc: 0.25" in printed


def test_braces_in_the_folder_are_no_placeholders(tmp_path: Path) -> None:
    folder = tmp_path / "{epoch}"
    folder.mkdir()
    (best,) = make_callbacks([{"class_name": "ModelCheckpoint", "config": {"monitor": "loss"}}], folder)
    saved: list[str] = []
    best.set_model(SimpleNamespace(save=lambda path, overwrite: saved.append(path)))
    best.on_epoch_end(0, {"loss": 1.0})
    assert saved == [str(folder / "best.h5")]

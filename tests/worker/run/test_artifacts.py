"""The reports that a run hands back."""

import csv
from pathlib import Path

from engine.layers import Dense
from engine.models import Sequential
from worker.run.artifacts import write_reports


def test_the_history_holds_no_formulas_and_its_numbers_stay_numbers(tmp_path: Path) -> None:
    model = Sequential([Dense(1, input_shape=(2,))])
    history = [{"loss": -0.5, "-cmd_loss": 1.5}, {"loss": float("-inf"), "-cmd_loss": float("nan")}]
    write_reports(model, history, tmp_path)
    with (tmp_path / "history.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["loss", "'-cmd_loss"], ["-0.5", "1.5"], ["-inf", "nan"]]

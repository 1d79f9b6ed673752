"""Progress in the terminal."""

from typing import Any

import pytest

from engine import callbacks
from engine.callbacks.progress_bar import format_duration, format_step


def test_bars(capsys: Any) -> None:
    bar = callbacks.Progbar(10, width=10, interval=0, stateful_metrics=["state"])
    bar.update(0)
    bar.update(5, [("loss", 2.0), ("state", 7)])
    bar.add(5, [("loss", 1.0), ("state", 8)])
    lines = capsys.readouterr().out.split("\n")
    assert lines[0] == ""
    assert lines[1] == " 0/10 [..........] - ETA: 0s"
    assert lines[2].startswith(" 5/10 [====>.....] - ETA: ")
    assert lines[2].rstrip().endswith(" - loss: 2.0000 - state: 7")
    assert lines[3].startswith("10/10 [==========] - 0s ")
    assert lines[3].rstrip().endswith("s/step - loss: 1.5000 - state: 8")
    assert lines[4:] == [""]


def test_values_are_averaged_over_units_and_small_ones_shown_with_exponents(capsys: Any) -> None:
    bar = callbacks.Progbar(4, verbose=2)
    bar.update(3, [("loss", 0.0001)])
    assert capsys.readouterr().out == ""
    bar.update(4, [("loss", 0.0005)])
    assert capsys.readouterr().out == " - 0s - loss: 2.0000e-04\n"


def test_looks_are_rare_but_the_last_is_shown(capsys: Any) -> None:
    bar = callbacks.Progbar(1000, interval=60)
    for done in range(1, 1001):
        bar.update(done, [("loss", float(done))])
    lines = capsys.readouterr().out.strip().split("\n")
    assert len(lines) == 2
    assert lines[1].startswith("1000/1000 [")
    assert lines[1].endswith("loss: 500.5000")


def test_unknown_target(capsys: Any) -> None:
    bar = callbacks.Progbar(None, interval=0)
    bar.update(7, [("loss", 1.0)])
    assert "      7/Unknown - 0s" in capsys.readouterr().out


def test_silence(capsys: Any) -> None:
    callbacks.Progbar(1, verbose=0).update(1, [("loss", 1.0)])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (60, "60s"), (61, "1:01"), (3600, "60:00"), (3725, "1:02:05")]
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(2.4, "2s/step"), (0.0125, "12ms/step"), (2e-5, "20us/step")])
def test_steps(seconds: float, text: str) -> None:
    assert format_step(seconds) == text

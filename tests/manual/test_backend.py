"""The samples of chapter 14, on the backend; most are dialogues, and show the same here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from tests.manual.console import normalize, run_dialogue
from tests.manual.printed import SAMPLES, edit_sample, run_sample

DIALOGUES = [
    path.stem for path in sorted(SAMPLES.glob("*.txt")) if ">>> " in path.read_text(encoding="utf-8")
]

# What the engine shows in place of what TensorFlow shows.
OTHERWISE: dict[str, dict[str, str]] = {
    "s14_5_backend": {"'tensorflow'": "'torch'"},
    "s14_5_dtype": {"'float32_ref'": "'float32'"},
    "s14_5_shape": {"dtype=int32": "dtype=int64"},
    "s14_5_variable": {"example_var\n": "<Tensor 'example_var:0' shape=(2, 2) dtype=float64>\n"},
}
DRAWN = ("s14_5_random_normal_variable", "s14_5_random_uniform_variable")


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    """Lets a sample change Keras's settings."""
    before = K.floatx(), K.epsilon(), K.image_data_format()
    yield
    K.set_floatx(before[0])
    K.set_epsilon(before[1])
    K.set_image_data_format(before[2])


def expect(name: str, shown: str) -> str:
    for manual, engine in OTHERWISE.get(name, {}).items():
        shown = shown.replace(normalize(manual), normalize(engine))
    return shown


@pytest.mark.parametrize("name", [name for name in DIALOGUES if name not in (*DRAWN, "s14_5_print_tensor")])
def test_dialogues(name: str) -> None:
    if "image_data_format" in name:
        K.set_image_data_format("channels_first")
    printed, shown = run_dialogue(name)
    assert any(text for _, text in printed)
    assert shown == [(line, expect(name, text)) for line, text in printed]


@pytest.mark.parametrize("name", DRAWN)
def test_dialogues_on_random_numbers(name: str) -> None:
    """What is drawn differs; its form doesn't."""
    printed, shown = run_dialogue(name)

    def form(text: str) -> str:
        text = re.sub(r"-?\d+\.\d+", "#", text)
        return text.replace("<Variable>", normalize("<Tensor 'x' shape=(2, 3) dtype=float32>"))

    assert [(line, form(text)) for line, text in shown] == [(line, form(text)) for line, text in printed]


def test_print_tensor(capsys: pytest.CaptureFixture[str]) -> None:
    x: Any = K.variable([1.0, 2.0])
    names: dict[str, Any] = {"K": K, "x": x}
    exec(edit_sample("s14_5_print_tensor").removeprefix(">>> "), names)
    np.testing.assert_array_equal(K.eval(names["x"] * 2), [2, 4])
    assert re.match(r"x is: .*1.*2", "".join(capsys.readouterr()))


def test_code_of_any_backend() -> None:
    ended = run_sample("s14_4_backend")
    assert ended.inputs._keras_shape == (None, None, None)
    assert ended.val.shape == (3, 4, 5)
    np.testing.assert_array_equal(K.eval(ended.var), np.ones((3, 4, 5)))
    b, c = K.eval(ended.b), K.eval(ended.c)
    assert c.shape == (3, 3)
    assert b.min() >= 0
    assert K.int_shape(ended.a) == (3, 7)

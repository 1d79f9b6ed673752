"""Cells that spreadsheets would compute."""

import pytest

from core.spreadsheets import make_harmless


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "-layer_loss"])
def test_formulas_become_text(text: str) -> None:
    assert make_harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["loss", "val_acc", "", "a=b", "'=1", " =1"])
def test_other_text_stays(text: str) -> None:
    assert make_harmless(text) == text

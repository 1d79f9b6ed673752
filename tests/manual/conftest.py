"""What tests of the manual's samples share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import backend as K
from tests.engine.conftest import keras_home, web

__all__ = ["keras_home", "web"]


@pytest.fixture(autouse=True)
def _fresh_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets a sample begin with nothing built, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    with K.isolated_state():
        yield

"""What tests of downloads share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.web_server import WebServer


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Gives a web server on the loopback that can cut connections."""
    server = WebServer()
    yield server
    server.close()


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gives an empty folder for what Keras keeps."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"

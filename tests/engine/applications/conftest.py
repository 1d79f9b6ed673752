"""What tests of applications share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import backend as K
from engine.applications.pretrained import WeightFile
from tests.engine.web_server import WebServer


@pytest.fixture(autouse=True)
def _fresh_state() -> Iterator[None]:
    """Lets layers be numbered from 1, and forgets the models."""
    with K.isolated_state():
        yield


@pytest.fixture
def publish(web: WebServer, keras_home: Path, tmp_path: Path) -> Callable[[Any, str], WeightFile]:
    """Gives a function that puts a model's weights on the web server under a name."""

    def put(model: Any, name: str) -> WeightFile:
        path = tmp_path / name
        model.save_weights(path)
        web.files[name] = path.read_bytes()
        return WeightFile(web.url(name), hashlib.md5(web.files[name]).hexdigest())

    return put

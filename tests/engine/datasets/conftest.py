"""Small data sets in the real file formats, served from the loopback."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def publish(web: Any, keras_home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Gives a function that serves bytes as the file of a data set's module."""

    def serve(module: ModuleType, body: bytes, prefix: str = "") -> None:
        origin = getattr(module, f"{prefix}ORIGIN")
        name = origin.rpartition("/")[2]
        web.files[name] = body
        monkeypatch.setattr(module, f"{prefix}ORIGIN", web.url(name))
        monkeypatch.setattr(
            module, f"{prefix}HASH" if prefix else "FILE_HASH", hashlib.sha256(body).hexdigest()
        )

    return serve

"""The command, run as a user runs it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def kerasd(service, tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command against the service, in a folder of its own."""

    def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [service.command, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env=service.environment,
        )

    return run


@pytest.fixture
def model_path(definition, tmp_path) -> Path:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(definition))
    return path

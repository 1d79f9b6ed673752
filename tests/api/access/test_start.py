"""What refuses to start: an API open to all, or closed to all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core import migrate

START_SECONDS = 120


def run(module: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a process that is to end by itself, before it listens anywhere."""
    given = {"home": str(home), "port": "0", **settings}
    environment = {**os.environ, **{f"KERASD_{name.upper()}": value for name, value in given.items()}}
    return subprocess.run(
        [sys.executable, "-m", module],
        env=environment,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    migrate.upgrade(f"sqlite:///{tmp_path / 'kerasd.db'}")
    return tmp_path


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_the_api_waits_for_a_first_key_where_others_reach_it(home: Path, host: str) -> None:
    ended = run("api", home, host=host)
    assert ended.returncode == 1
    assert "python -m core.keys create --name NAME --scope admin" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_api_is_open_to_nobody_but_this_machine(home: Path) -> None:
    ended = run("api", home, host="0.0.0.0", require_keys="false")
    assert ended.returncode == 1
    assert "KERASD_REQUIRE_KEYS" in ended.stderr


def test_the_embedded_stack_refuses_alike_and_leaves_nothing_running(tmp_path: Path) -> None:
    ended = run("core.embedded", tmp_path, host="0.0.0.0", port="8000")
    assert ended.returncode == 1
    event = json.loads(ended.stdout.splitlines()[-1])
    assert event["event"] == "failed"
    assert "python -m core.keys create" in event["reason"]

"""Work in a process of its own: what hangs is ended, what crashes is told."""

from pathlib import Path

import psutil
import pytest

from core.isolation import IsolationError, read_apart


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to read; modules beside it can be run."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[2]}")
    path = tmp_path / "data"
    path.write_text("some words")
    return path


def write_reader(path: Path, body: str) -> str:
    """A module that answers with what the body returns. Returns its name."""
    lines = [
        "import ctypes, os, pathlib, time",
        "from core.isolation import answer_order",
        "def act(order):",
        f"    {body}",
        "answer_order(act)",
    ]
    path.with_name("reader_of_test.py").write_text("\n".join(lines))
    return "reader_of_test"


def test_the_answer_comes_back(path: Path) -> None:
    reader = write_reader(path, "return {'text': pathlib.Path(order['path']).read_text() + order['end']}")
    assert read_apart(reader, path, {"end": "!"}) == {"text": "some words!"}


def test_a_process_that_hangs_in_c_is_ended(path: Path) -> None:
    reader = write_reader(path, "ctypes.PyDLL(None).sleep(600)")
    with pytest.raises(IsolationError, match="did not end within 1 seconds"):
        read_apart(reader, path, {}, seconds=1)
    assert not [child for child in psutil.Process().children() if reader in child.cmdline()]


@pytest.mark.parametrize(
    ("body", "words"),
    [("os.kill(os.getpid(), 11)", "status -11"), ("raise OSError('truncated file')", "truncated file")],
)
def test_a_crash_is_told(path: Path, body: str, words: str) -> None:
    with pytest.raises(IsolationError, match=words):
        read_apart(write_reader(path, body), path, {})

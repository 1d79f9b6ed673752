"""What trainings are tested with."""

from pathlib import Path

import pytest


@pytest.fixture
def importable_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets spawned processes, which take over the search path, import this package."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3]))

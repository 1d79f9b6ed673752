"""A short siege on each backend; `make chaos` runs long ones."""

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from tests.chaos.servers import find_missing
from tests.chaos.siege import besiege

ACTS = {
    "sqlite": ("run killed", "API away", "worker killed", "disk full", "broker killed"),
    "servers": (
        "worker killed",
        "database restarted, immediate",
        "run killed",
        "broker killed",
        "API killed",
    ),
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("backend", ACTS)
def test_nothing_is_lost(tmp_path: Path, backend: str, require: Callable[[str], NoReturn]) -> None:
    missing = find_missing() if backend == "servers" else []
    if missing:
        require(" and ".join(missing))
    acts = ACTS[backend]
    siege = besiege(
        tmp_path,
        backend,
        seed=3,
        rounds=len(acts),
        away_seconds=3,
        calm_seconds=2,
        acts=acts,
    )
    print(siege.describe())
    assert siege.problems == []
    assert siege.counts["jobs accepted"] > 0

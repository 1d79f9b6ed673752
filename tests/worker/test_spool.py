import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from worker.spool import Spool

OpenSpool = Callable[[int], Spool]


@pytest.fixture
def open_spool(tmp_path: Path) -> Iterator[OpenSpool]:
    with ExitStack() as stack:
        yield lambda attempt: stack.enter_context(closing(Spool(tmp_path, attempt)))


def drain(spool: Spool, limit: int = 2) -> list[Any]:
    steps: list[int] = []
    while True:
        points, receipt = spool.read(limit)
        if receipt is None:
            return steps
        steps += [point["step"] for point in points]
        spool.confirm(receipt)


def test_points_come_out_in_order_once_they_are_confirmed(open_spool: OpenSpool) -> None:
    spool = open_spool(1)
    for step in range(5):
        spool.append({"step": step})
    first, _ = spool.read(2)
    assert spool.read(2)[0] == first
    assert drain(spool) == [0, 1, 2, 3, 4]
    assert spool.is_empty()
    spool.append({"step": 5})
    assert not spool.is_empty()
    assert drain(spool) == [5]


def test_what_an_earlier_attempt_left_goes_first(open_spool: OpenSpool) -> None:
    killed = open_spool(1)
    for step in range(3):
        killed.append({"step": step})
    killed.confirm(killed.read(1)[1])  # type: ignore[arg-type]
    later = open_spool(2)
    later.append({"step": 10})
    assert drain(later) == [1, 2, 10]
    assert drain(open_spool(3)) == []


def test_what_an_attempt_writes_that_was_thought_dead_is_left_out(open_spool: OpenSpool) -> None:
    stale = open_spool(1)
    stale.append({"step": 0})
    later = open_spool(2)
    stale.append({"step": 1})
    later.append({"step": 2})
    assert drain(later) == [0, 2]


def test_an_attempt_that_was_thought_dead_makes_points_come_twice_at_most(open_spool: OpenSpool) -> None:
    stale = open_spool(1)
    for step in range(3):
        stale.append({"step": step})
    _, receipt = stale.read(1)
    assert receipt is not None
    later = open_spool(2)
    assert drain(later) == [0, 1, 2]
    stale.confirm(receipt)
    assert later.is_empty()
    assert drain(open_spool(3)) == [1, 2]


def test_a_full_disk_holds_up_no_delivery(tmp_path: Path, open_spool: OpenSpool) -> None:
    spool = open_spool(1)
    spool.append({"step": 0})
    (tmp_path / "000001.by-1").mkdir()  # nothing can be written there
    assert drain(spool) == [0]
    assert spool.is_empty()


def test_a_line_cut_off_by_a_kill_is_left_out(tmp_path: Path, open_spool: OpenSpool) -> None:
    open_spool(1).append({"step": 0})
    with (tmp_path / "000001.jsonl").open("ab") as file:
        file.write(b'{"step": 1, "val')
    assert drain(open_spool(2)) == [0]


def test_values_that_are_not_finite_survive(open_spool: OpenSpool) -> None:
    spool = open_spool(1)
    spool.append({"values": {"a": math.nan, "b": -math.inf}})
    values = spool.read(1)[0][0]["values"]
    assert math.isnan(values["a"])
    assert values["b"] == -math.inf

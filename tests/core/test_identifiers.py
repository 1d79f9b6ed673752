"""Identifiers: their form, their order and their being different."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.identifiers import new_id

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_the_form_and_the_time_in_it() -> None:
    before = time.time_ns() // 1_000_000
    identifier = new_id("job")
    assert re.fullmatch(f"job_[0-7][{ALPHABET}]{{25}}", identifier)
    milliseconds = 0
    for digit in identifier[4:14]:
        milliseconds = milliseconds * 32 + ALPHABET.index(digit)
    assert 0 <= milliseconds - before < 1000


def test_later_ones_sort_after_earlier_ones() -> None:
    identifiers = [new_id("mdl") for _ in range(5000)]
    assert identifiers == sorted(set(identifiers))


def test_threads_never_get_the_same() -> None:
    with ThreadPoolExecutor(8) as threads:
        drawn = [
            key
            for keys in threads.map(lambda _: [new_id("dst") for _ in range(1000)], range(8))
            for key in keys
        ]
    assert len(set(drawn)) == 8000


def test_a_clock_that_steps_back_keeps_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_id("prd")
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert new_id("prd") > first

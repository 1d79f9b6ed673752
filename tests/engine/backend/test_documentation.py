"""The page of backend functions says what the code says."""

import re
import runpy
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
SIGNATURES = Path(__file__).parents[2] / "fixtures/manual/signatures.txt"


def test_the_page_is_up_to_date() -> None:
    made = runpy.run_path(str(DOCS / "backend_table.py"))["make_page"]()
    page = (DOCS / "backend.md").read_text(encoding="utf-8")
    assert page == made, "docs/backend.md is out of date: run `python docs/backend_table.py`"


def test_every_function_of_the_manual_has_a_test() -> None:
    tests = runpy.run_path(str(DOCS / "backend_table.py"))["find_tests"]()
    names = re.findall(r"^keras\.backend\.(\w+)\(", SIGNATURES.read_text(), re.MULTILINE)
    assert len(names) > 140
    assert set(names) - set(tests) == set()

"""The page of backend functions says what the code says."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_up_to_date() -> None:
    made = runpy.run_path(str(DOCS / "backend_table.py"))["make_page"]()
    page = (DOCS / "backend.md").read_text(encoding="utf-8")
    assert page == made, "docs/backend.md is out of date: run `python docs/backend_table.py`"

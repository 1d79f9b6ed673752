"""The table of settings in docs/operations.md is the one that `make settings` writes."""

import runpy
from pathlib import Path

import pytest

from core.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCRIPT = runpy.run_path(str(DOCS / "settings_table.py"))


def test_is_up_to_date() -> None:
    page = (DOCS / "operations.md").read_text()
    assert SCRIPT["insert_table"](page, SCRIPT["make_table"]()) == page, "run `make settings`"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_explained(name: str) -> None:
    assert Settings.model_fields[name].description

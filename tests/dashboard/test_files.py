"""Rules for the dashboard's files."""

import re
from pathlib import Path

import pytest

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"
SCRIPTS = sorted(DASHBOARD.rglob("*.js"))
FILES = sorted([*SCRIPTS, *DASHBOARD.glob("*.html"), *DASHBOARD.glob("*.css")])
MOST_LINES = 250


def name_of(path: Path) -> str:
    return path.relative_to(DASHBOARD).as_posix()


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
class TestScript:
    def test_is_short(self, script: Path) -> None:
        assert len(script.read_text().splitlines()) < MOST_LINES

    def test_sets_text_never_markup(self, script: Path) -> None:
        markup = r"innerHTML\s*\+?=[^=]|outerHTML\s*=[^=]|insertAdjacentHTML|document\.write|\beval\("
        assert re.findall(markup, script.read_text()) == []

    def test_imports_what_is_there(self, script: Path) -> None:
        for name in re.findall(r'from "([^"]+)"', script.read_text()):
            assert (script.parent / name).is_file(), name


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_comes_from_another_server(path: Path) -> None:
    # The namespace of SVG is a name, not an address that is fetched.
    addresses = re.findall(r"https?://[^\s'\"`]+|(?<=[\"'(])//[a-z]\S+", path.read_text())
    assert [address for address in addresses if address != "http://www.w3.org/2000/svg"] == []

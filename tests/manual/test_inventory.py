"""Every block of code that the manual and the four notes print has a use here.

`inventory.csv` lists the blocks in order: the document, the manual's chapter, the line, a hash of the text (without
blanks at the ends of lines), and the use: the sample that it is part of, `signature`, or why it is not run.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from pathlib import Path

from tests.manual.edits import REPAIRS, SIZES
from tests.manual.printed import SAMPLES, read_sample

FOLDER = Path(__file__).parent
with (FOLDER / "inventory.csv").open(newline="") as _file:
    BLOCKS = list(csv.DictReader(_file))
# By sample, the hashes of its blocks.
PRINTED: dict[str, list[str]] = {}
for _block in BLOCKS:
    if _block["use"] != "signature" and not _block["use"].startswith("not run: "):
        PRINTED.setdefault(_block["use"], []).append(_block["sha256"])


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def split_into(text: str, hashes: list[str]) -> bool:
    """Return whether a text is the blocks of these hashes with an empty line between any two."""
    if not hashes:
        return text == ""
    return any(
        digest(text[:end]) == hashes[0] and split_into(text[end + 2 :], hashes[1:])
        for end in [*(found.start() for found in re.finditer("\n\n", text)), len(text)]
    )


def test_samples_are_what_is_printed() -> None:
    names = sorted(path.stem for path in SAMPLES.iterdir())
    assert names == sorted(PRINTED)
    assert [
        name for name in names if not split_into(read_sample(name).removesuffix("\n"), PRINTED[name])
    ] == []


def test_every_sample_is_run() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    named = set(re.findall(r'"((?:s\d\d|n\d)_\w+)"', code))
    dialogues = {name for name in PRINTED if ">>> " in read_sample(name)}
    assert set(PRINTED) - named - dialogues == set()
    assert named - set(PRINTED) == set()
    assert (REPAIRS.keys() | SIZES.keys()) - set(PRINTED) == set()


def kind_of(block: dict[str, str]) -> str:
    return "run" if block["use"] in PRINTED else block["use"].partition(":")[0]


def count(blocks: list[dict[str, str]]) -> list[int]:
    """Return how many blocks run, in how many programs, of them with smaller sizes and repaired; the other blocks."""
    kinds = Counter(map(kind_of, blocks))
    programs = {block["use"] for block in blocks} & PRINTED.keys()
    edited = [len(programs & edits.keys()) for edits in (SIZES, REPAIRS)]
    return [kinds["run"], len(programs), *edited, kinds["signature"], kinds["not run"]]


def test_page_gives_these_figures() -> None:
    page = (FOLDER.parents[1] / "docs" / "manual.md").read_text(encoding="utf-8")
    parts: dict[str, list[dict[str, str]]] = {}
    for block in BLOCKS:
        parts.setdefault(block["chapter"] or block["document"], []).append(block)
    rows = re.findall(r"^\| ([\w-]+).*?\|(.*)\|$", page.partition("|---")[2], re.MULTILINE)
    assert {part: [int(cell.strip() or 0) for cell in cells.split("|")] for part, cells in rows} == {
        part: count(blocks) for part, blocks in parts.items()
    }
    run, programs, small, repaired, signatures, not_run = count(BLOCKS)
    for figure in (
        f"{len(BLOCKS)} blocks of code: {run} of them are code that runs here, as {programs} programs",
        f"{signatures} are signatures",
        f"{not_run} are not run",
        f"{small} programs with smaller sizes",
        f"{repaired} programs repaired",
    ):
        assert figure in page

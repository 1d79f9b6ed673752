"""The commands that the README promises."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "docs/operations.md",
    *ROOT.glob("docs/decisions/*.md"),
]


def dry_run(*arguments: str) -> str:
    """What make would do in a folder where nothing is set up."""
    if shutil.which("make") is None:
        pytest.skip("needs make")
    done = subprocess.run(["make", "-n", "-C", str(ROOT), "-B", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_run_sets_up_and_passes_arguments_on() -> None:
    steps = dry_run("run", "ARGS=--once")
    assert steps.index("torch") < steps.index("--editable") < steps.index("kerasd up --sample --once")


def test_torch_alone_comes_from_its_index() -> None:
    lines = dry_run("run", "TORCH_INDEX=https://index.example/cpu").splitlines()
    [step] = [line for line in lines if "index.example" in line]
    assert step.endswith(" torch")
    assert "--no-deps" in step


def test_test_runs_every_check() -> None:
    steps = dry_run("test")
    positions = [
        steps.index(step) for step in ("ruff format --check", "ruff check", "mypy", "lint-imports", "pytest")
    ]
    assert positions == sorted(positions)


def test_only_pip_installs() -> None:
    assert re.findall(r"\b(uv|poetry|conda|pdm)\b", dry_run("test") + (ROOT / ".ci/run").read_text()) == []


def test_the_ci_entry_runs_the_same_tests_and_forbids_skips() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert re.search(r"^export KERASD_TEST_REQUIRE=1\nmake test$", script, re.M)
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=True)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
class TestDocument:
    def test_names_targets_that_there_are(self, document: Path) -> None:
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
        assert set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.M)) <= targets

    def test_links_to_files_that_there_are(self, document: Path) -> None:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / link).exists(), link

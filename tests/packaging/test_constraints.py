"""Every dependency is pinned, and explained."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
DIRECT = [Requirement(text) for text in [*PROJECT["dependencies"], *EXTRAS["sample"], *EXTRAS["dev"]]]
OWN = [requirement for requirement in DIRECT if requirement.name != PROJECT["name"]]


def read_pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): pinned for name, pinned in pins}


@pytest.mark.parametrize("requirement", OWN, ids=lambda requirement: requirement.name)
def test_is_pinned_to_a_version_that_the_project_allows(requirement: Requirement) -> None:
    assert requirement.specifier.contains(read_pins()[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("requirement", OWN, ids=lambda requirement: requirement.name)
def test_is_installed_in_the_pinned_version(requirement: Requirement) -> None:
    installed = version(requirement.name).partition("+")[0]
    assert installed == read_pins()[canonicalize_name(requirement.name)]


def test_torch_is_pinned_without_a_build() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", read_pins()["torch"])


@pytest.mark.parametrize("text", [*PROJECT["dependencies"], *EXTRAS["sample"]])
def test_the_page_of_dependencies_gives_a_reason(text: str) -> None:
    page = (ROOT / "docs/decisions/dependencies.md").read_text()
    explained = {
        name for row in re.findall(r"^\| ([^|]+) \|", page, re.M) for name in re.findall(r"[\w-]+", row)
    }
    assert Requirement(text).name in explained

"""Writes docs/backend.md, the list of backend functions: `python docs/backend_table.py`."""

import ast
import inspect
from pathlib import Path
from typing import Any, Final

from engine import backend as K

PAGE: Final = Path(__file__).with_name("backend.md")
TESTS: Final = PAGE.parents[1] / "tests"
# Where values are compared with independent references, the first places first.
PLACES: Final = ("parity/test_backend_*.py", "engine/backend/test_*.py")
HEAD: Final = """# Backend functions

What `from engine import backend as K` offers. The functions take symbolic tensors, and then record what is to
be computed, or torch tensors and NumPy arrays, and then compute at once. A number or a nested list is taken
for a tensor where one is expected. The backend's name is `torch`, whatever `keras.json` and `KERAS_BACKEND` ask
for, and importing it prints nothing. This page is written by `python docs/backend_table.py`.

| function | what it does | tested in |
|---|---|---|
"""


def make_page() -> str:
    """The page as Markdown."""
    functions = [(name, getattr(K, name)) for name in K.__all__ if inspect.isfunction(getattr(K, name))]
    tests = find_tests()
    return HEAD + "".join(
        f"| `{name}{describe_arguments(function)}` | {describe(function)} | {tests.get(name, '')} |\n"
        for name, function in functions
    )


def find_tests() -> dict[str, str]:
    """The first test file that calls each function as `K.name`."""
    found: dict[str, str] = {}
    for place in PLACES:
        for path in sorted(TESTS.glob(place)):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Name)
                    and node.value.id == "K"
                ):
                    found.setdefault(node.attr, path.relative_to(TESTS).as_posix())
    return found


def describe_arguments(function: Any) -> str:
    """The arguments without their types."""
    signature = inspect.signature(function)
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()
    ]
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def describe(function: Any) -> str:
    """The first paragraph of the docstring as one line."""
    return " ".join(inspect.getdoc(function).split("\n\n")[0].split()).replace("|", "\\|")  # type: ignore[union-attr]


def main() -> None:
    """Rewrite the page."""
    PAGE.write_text(make_page(), encoding="utf-8")


if __name__ == "__main__":
    main()

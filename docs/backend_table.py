"""Writes docs/backend.md, the list of backend functions: `python docs/backend_table.py`."""

import inspect
from pathlib import Path
from typing import Any, Final

from engine import backend as K

PAGE: Final = Path(__file__).with_name("backend.md")
HEAD: Final = """# Backend functions

What `from engine import backend as K` offers. The functions take symbolic tensors, and then record what is to
be computed, or torch tensors and NumPy arrays, and then compute at once. This page is written by
`python docs/backend_table.py`.

| function | what it does |
|---|---|
"""


def make_page() -> str:
    """The page as Markdown."""
    functions = [(name, getattr(K, name)) for name in K.__all__ if inspect.isfunction(getattr(K, name))]
    return HEAD + "".join(
        f"| `{name}{describe_arguments(function)}` | {describe(function)} |\n" for name, function in functions
    )


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

"""Runs the manual's samples that are dialogues with Python, and compares what is shown."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
from typing import Any

from tests.manual.printed import PRESUPPOSED, edit_sample

Exchange = tuple[str, str]


def run_dialogue(name: str, **given: Any) -> tuple[list[Exchange], list[Exchange]]:
    """Enter the lines of a sample.

    Args:
        name: the sample's name.
        given: names that it presupposes.

    Returns:
        Each line with what the manual shows after it, and each with what the engine shows.
    """
    # A comment between two lines is not shown by Python.
    text = "\n".join(line for line in edit_sample(name).splitlines() if not line.startswith("#"))
    names = {**PRESUPPOSED, **given}
    examples = doctest.DocTestParser().get_examples(text)
    shown = [(example.source, normalize(_enter(example.source, names))) for example in examples]
    return [(example.source, normalize(example.want)) for example in examples], shown


def _enter(line: str, names: dict[str, Any]) -> str:
    """Return what Python shows for a line: an error by its class alone, as the manual does."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            exec(compile(line, "<dialogue>", "single"), names)
        except Exception as error:
            return type(error).__name__
    return output.getvalue()


def normalize(shown: str) -> str:
    """Return a text without what may differ: spaces in arrays, and the names of tensors."""
    shown = re.sub(r"<(?:tf\.)?Tensor '[^']*' ", "<Tensor ", shown)
    shown = re.sub(r"<tensorflow\.python\.ops\.variables\.Variable object at \w+>", "<Variable>", shown)
    return "".join(shown.split())

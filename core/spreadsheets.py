"""Cells of tables that people open in spreadsheets."""

from typing import Final

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def make_harmless(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula: with an apostrophe in front where it looks like one.

    Source: OWASP, CSV Injection.
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text

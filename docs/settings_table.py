"""Writes the table of settings in docs/operations.md from `core.settings`: `make settings`."""

from pathlib import Path
from typing import Any, Final

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.settings import Settings

PAGE: Final = Path(__file__).with_name("operations.md")
START: Final = "<!-- settings: written by `make settings` -->\n"
END: Final = "<!-- end of settings -->\n"
# What core.settings works out from other settings when nothing is given.
DERIVED: Final = {
    "home": "the user's data folder, `kerasd` in it",
    "database_url": "`sqlite:///<home>/kerasd.db`",
    "broker_url": "embedded broker",
    "storage_url": "`file://<home>/objects`",
    "api_url": "`http://<host>:<port>`",
}
UNITS: Final = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))


def make_table() -> str:
    """The settings as a Markdown table."""
    rows = ["| environment variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(
            f"| `KERASD_{name.upper()}` | {describe_default(name, field)} | {field.description or ''} |"
        )
    return "\n".join(rows) + "\n"


def describe_default(name: str, field: FieldInfo) -> str:
    if name in DERIVED:
        return DERIVED[name]
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined:
        return "none"
    if name.endswith("_bytes") and value:
        unit, size = next((unit, size) for unit, size in UNITS if value % size == 0)
        return f"`{value}` ({value // size} {unit})"
    return f"`{value}`"


def insert_table(page: str, table: str) -> str:
    """The page with the table between its marks."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table}\n{END}{after}"


def main() -> None:
    """Rewrite the page."""
    PAGE.write_text(insert_table(PAGE.read_text(), make_table()))


if __name__ == "__main__":
    main()

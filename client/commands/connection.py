"""What every command that talks to a service shares: its address and its client."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from client.client import DEFAULT_URL, Client

Url = Annotated[
    str, typer.Option("--url", envvar="KERASD_URL", help="Address of the service.", show_envvar=True)
]
JobId = Annotated[str, typer.Argument(metavar="ID", help="The job, as `kerasd jobs` lists it.")]

__all__ = ["DEFAULT_URL", "JobId", "Url", "connect", "read_json"]


def connect(url: str) -> Client:
    """A client of the service at `url`."""
    try:
        return Client(url)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--url") from exc


def read_json(path: Path) -> Any:
    """Read a JSON file of the user's."""
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as exc:
        raise typer.BadParameter(f"{path} is not JSON: {exc}") from exc

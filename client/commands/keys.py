"""kerasd keys: the API keys of one's project."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from client.commands.connection import DEFAULT_URL, Url, connect
from client.records import Key, NewKey

KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key, as `kerasd keys list` lists it.")]
Name = Annotated[str, typer.Argument(help="Whose key it is, or what for.")]
ScopeName = Annotated[
    Literal["read", "submit", "admin"],
    typer.Option("--scope", help="Each allows what the ones before it do."),
]
Days = Annotated[float | None, typer.Option("--expires-days", min=0.001, help="Default: as your own key.")]
Rate = Annotated[int | None, typer.Option("--requests-per-minute", min=1, help="Default: as your own key.")]
BodyBytes = Annotated[int | None, typer.Option("--max-body-bytes", min=1, help="Default: as your own key.")]
Overlap = Annotated[
    float, typer.Option("--overlap-seconds", min=0, help="How long the old key is taken beside the new one.")
]

keys = typer.Typer(help="List, create, rotate and revoke API keys of your project.", no_args_is_help=True)


@keys.command("list")
def list_keys(url: Url = DEFAULT_URL) -> None:
    """List keys, newest first; never the keys themselves."""
    with connect(url) as client:
        found = list(client.keys.iterate())
    console = Console()
    if not console.is_terminal:
        for key in found:
            typer.echo("\t".join(_describe(key)))
        return
    table = Table("id", "prefix", "name", "scope", "state", "expires", "last used")
    for key in found:
        table.add_row(*_describe(key))
    console.print(table)


@keys.command("create")
def create_key(
    name: Name,
    scope: ScopeName = "submit",
    expires_days: Days = None,
    requests_per_minute: Rate = None,
    max_body_bytes: BodyBytes = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Make a key and print it, this once: alone on standard output."""
    expires_at = None if expires_days is None else datetime.now().astimezone() + timedelta(days=expires_days)
    with connect(url) as client:
        made = client.keys.create(
            name,
            scope=scope,
            expires_at=expires_at,
            requests_per_minute=requests_per_minute,
            max_body_bytes=max_body_bytes,
        )
    _show_new(made)


@keys.command("rotate")
def rotate_key(key_id: KeyId, overlap_seconds: Overlap = 0, url: Url = DEFAULT_URL) -> None:
    """Replace a key by a new one and print that, this once."""
    with connect(url) as client:
        _show_new(client.keys.rotate(key_id, overlap_seconds=overlap_seconds))


@keys.command("revoke")
def revoke_key(key_id: KeyId, url: Url = DEFAULT_URL) -> None:
    """Take a key no more."""
    with connect(url) as client:
        client.keys.revoke(key_id)
    typer.echo(f"{key_id} is revoked")


def _show_new(made: NewKey) -> None:
    typer.echo(f"{made.id}: {made.scope}, {made.name}. The key is shown this once:", err=True)
    typer.echo(made.key)


def _describe(key: Key) -> tuple[str, ...]:
    state = "live" if key.is_live else "revoked" if key.revoked_at else "expired"
    times = (_tell(key.expires_at, "never"), _tell(key.last_used_at, "never used"))
    return (key.id, key.prefix, key.name, key.scope, state, *times)


def _tell(moment: datetime | None, otherwise: str) -> str:
    return otherwise if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"

"""The command `kerasd`."""

import sys
from typing import Final

import typer
from rich.console import Console

from client.commands.cancel import cancel
from client.commands.fetch import fetch
from client.commands.jobs import jobs
from client.commands.keys import keys
from client.commands.predict import predict
from client.commands.requests import clone, pause, prioritize, resume, retry
from client.commands.status import status
from client.commands.submit import submit
from client.commands.up import up
from client.commands.watch import watch
from client.errors import KerasdError

app = typer.Typer(
    help="Train Keras models on a kerasd service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (up, submit, jobs, watch, fetch, predict, status):
    app.command()(command)
for request in (cancel, pause, resume, retry, clone, prioritize):
    app.command()(request)
app.add_typer(keys, name="keys")

_KEY_HINT: Final = (
    "Put an API key into the environment variable KERASD_API_KEY; an admin of the service can make you one."
)


def main() -> None:
    """Run the command line; a request that was refused is told in words and ends with status 1."""
    try:
        app()
    except (KerasdError, OSError) as exc:
        hint = f"\n{_KEY_HINT}" if isinstance(exc, KerasdError) and exc.status == 401 else ""
        Console(stderr=True, highlight=False).print(
            f"kerasd: {exc}{hint}", style="red", markup=False, soft_wrap=True
        )
        sys.exit(1)

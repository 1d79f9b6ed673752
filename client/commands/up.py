"""kerasd up: start the whole service on this machine."""

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console

from client.client import Client
from client.commands.sample import run_sample
from client.commands.stack import Stack, check_port
from client.commands.watch import INTERRUPTED
from client.errors import KerasdError

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

HasSample = Annotated[bool, typer.Option("--sample", help="Train the sample job: handwritten digits.")]
IsOnce = Annotated[bool, typer.Option("--once", help="End after the sample job, with its exit status.")]
Home = Annotated[
    Path | None,
    typer.Option(file_okay=False, help="Folder of everything kept; default: see docs/operations.md."),
]
Host = Annotated[str, typer.Option(envvar="KERASD_HOST", help="Address to listen on.")]
Port = Annotated[int, typer.Option(envvar="KERASD_PORT", min=0, max=65535, help="0: any free one.")]


def up(
    sample: HasSample = False,
    once: IsOnce = False,
    home: Home = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Start broker, worker and API on this machine and serve until Ctrl-C, which stops them all."""
    if once and not sample:
        raise typer.BadParameter("--once ends after the sample job, so it needs --sample.")
    check_port(host, port)
    settings = {"KERASD_HOST": host, "KERASD_PORT": str(port)}
    if home is not None:
        settings["KERASD_HOME"] = str(home.absolute())
    for number in _STOP_SIGNALS:
        signal.signal(number, _interrupt)
    raise typer.Exit(_serve(settings, sample, once))


def _serve(settings: dict[str, str], sample: bool, once: bool) -> int:
    console = Console(highlight=False)
    status = 0
    console.print("Starting kerasd ...")
    with Stack(settings) as stack:
        try:
            url = stack.wait_ready()
            console.print(f"Dashboard: {url}/dashboard/   API: {url}/docs", soft_wrap=True)
            if sample:
                status = _train_sample(stack, url, console)
            if not once:
                _keep_serving(stack, url, console)
        except KeyboardInterrupt:
            console.print("\nStopping every process; jobs that were not done go on at the next start.")
            status = INTERRUPTED if once else 0
        finally:
            # A second Ctrl-C must not leave processes behind.
            for number in _STOP_SIGNALS:
                signal.signal(number, signal.SIG_IGN)
    return status


def _train_sample(stack: Stack, url: str, console: Console) -> int:
    try:
        with Client(url) as client:
            return run_sample(client, console)
    except KerasdError:
        if stack.has_ended:
            for _ in stack.read_events():
                continue
        raise


def _keep_serving(stack: Stack, url: str, console: Console) -> None:
    console.print(f"Serving. Dashboard: {url}/dashboard/   Ctrl-C stops everything.", soft_wrap=True)
    for event in stack.read_events():
        if event["event"] == "restarting":
            console.print(f"{event['name']} is started again: {event['reason']}", markup=False)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt

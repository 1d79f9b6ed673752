"""kerasd status: how a service does, and who one is to it."""

import typer
from rich.console import Console
from rich.table import Table

from client.commands.connection import DEFAULT_URL, Url, connect
from client.errors import KerasdError


def status(url: Url = DEFAULT_URL) -> None:
    """Tell whether a service is up, who works for it and on what. Exit status 1 where it is not ready."""
    with connect(url) as client:
        try:
            client.check_ready()
        except KerasdError as exc:
            typer.echo(f"{client.base_url} is not ready. {exc}", err=True)
            raise typer.Exit(1) from exc
        access = client.access()
        workers = [worker for worker in client.workers() if worker.is_alive]
        queued = client.jobs.list(state="queued", limit=1000)
    typer.echo(f"{client.base_url} is ready; dashboard: {client.base_url}/dashboard/")
    key = f", key {access.key.name}" if access.key else ""
    typer.echo(f"Project {access.project.name}, scope {access.scope}{key}")
    typer.echo(f"Jobs waiting: {len(queued.data)}{'+' if queued.has_more else ''}")
    if not workers:
        typer.echo("No worker is connected: queued jobs wait.")
        return
    table = Table("worker", "device", "slots", "running", "seen")
    for worker in workers:
        seen = worker.seen_at.astimezone().strftime("%H:%M:%S")
        others = [f"{worker.running_others} of other projects"] if worker.running_others else []
        running = ", ".join([*worker.running, *others]) or "-"
        table.add_row(worker.id, worker.device or "-", str(worker.slots), running, seen)
    Console().print(table)

"""A job on the terminal while it trains: live where there is one, else a line an epoch."""

from collections.abc import Iterable
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from client.commands.history import History, Values, format_value, sort_names
from client.events import Event
from client.records import Job

_EPOCHS_SHOWN: Final = 10
_STYLES: Final = {"succeeded": "bold green", "failed": "bold red", "cancelled": "yellow"}


def show_events(console: Console, job: Job, events: Iterable[Event]) -> History:
    """Show a job's events until they end. Returns: what they told."""
    history = History(job)
    if console.is_terminal:
        _show_live(console, history, events)
    else:
        _show_lines(console, history, events)
    _show_end(console, history)
    return history


def _show_live(console: Console, history: History, events: Iterable[Event]) -> None:
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    task = progress.add_task(history.state, total=history.job.epochs or None)
    with Live(console=console, refresh_per_second=8) as live:
        for event in events:
            history.apply(event)
            progress.update(task, description=_describe(history), completed=history.epochs_done)
            live.update(Group(progress, *_draw(history)))


def _describe(history: History) -> str:
    again = f" (attempt {history.attempt})" if history.attempt > 1 else ""
    style = _STYLES.get(history.state, "cyan")
    return f"{escape(history.job.name or history.job.id)} [{style}]{history.state}[/]{again}"


def _draw(history: History) -> Iterable[RenderableType]:
    if history.rows:
        yield _draw_table(history)
    if history.batch is not None:
        step, values = history.batch
        yield Text(f"batch {step}: {_join(values)}", style="dim")
    if history.log:
        yield Text("\n".join(history.log), style="dim")


def _draw_table(history: History) -> Table:
    table = Table("epoch", *history.names, caption="* best so far", caption_justify="left")
    for column in table.columns:
        column.justify = "right"
    best = {name: history.find_best(name) for name in history.names}
    for epoch in sorted(history.rows)[-_EPOCHS_SHOWN:]:
        values = history.rows[epoch]
        cells = [
            f"[bold green]{format_value(values.get(name))} *[/]"
            if best[name] == epoch
            else f"{format_value(values.get(name))}  "
            for name in history.names
        ]
        table.add_row(str(epoch + 1), *cells)
    return table


def _show_lines(console: Console, history: History, events: Iterable[Event]) -> None:
    for event in events:
        shown_state = (history.state, history.attempt)
        history.apply(event)
        if event.kind == "state" and (history.state, history.attempt) != shown_state:
            reason = f": {history.reason}" if history.reason else ""
            _print_line(console, f"{history.state} (attempt {history.attempt}){reason}")
        elif event.kind == "metrics" and event.data["kind"] == "epoch":
            epoch, values = event.data["step"], event.data["values"]
            _print_line(console, f"epoch {epoch + 1}/{history.job.epochs or '?'} - {_join(values)}")


def _join(values: Values) -> str:
    return " - ".join(f"{name}: {format_value(values[name])}" for name in sort_names(values))


def _show_end(console: Console, history: History) -> None:
    name = history.job.id
    console.print(Text(f"{name} {history.state}", style=_STYLES.get(history.state, "")), soft_wrap=True)
    for metric in history.names:
        epoch = history.find_best(metric)
        if epoch is not None:
            value = format_value(history.rows[epoch][metric])
            _print_line(console, f"  best {metric}: {value} (epoch {epoch + 1})")
    error = history.error or {}
    if history.state == "failed":
        _print_line(
            console, f"{error.get('title') or 'Failed'}: {error.get('detail') or history.reason or ''}"
        )
        if error.get("traceback"):
            _print_line(console, str(error["traceback"]).rstrip())


def _print_line(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)

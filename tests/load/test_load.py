"""Many clients and workers at once: nothing is lost, nothing is refused that need not be, nobody waits for ever."""

import psutil
import pytest
from sqlalchemy.engine import make_url

from tests.load.stack import Stack
from tests.load.traffic import load

CLIENTS = 8
SECONDS = 15
MOST_TRAININGS = 6

pytestmark = pytest.mark.timeout(900)


def test_what_is_promised_under_load_is_kept(stack: Stack) -> None:
    outcome = load(stack, CLIENTS, SECONDS, MOST_TRAININGS)
    print(outcome.describe())
    assert not outcome.errors, outcome.describe()
    assert outcome.jobs["trained succeeded"] > 1, outcome.describe()


def test_no_process_shares_its_connections(stack: Stack) -> None:
    """Two processes on one socket of the database, or one open SQLite file, corrupt both."""
    job_id = stack.submit(fit={"epochs": 1})
    url = make_url(stack.database_url)
    heads = [psutil.Process(process.popen.pid) for name in ("api", "worker") for process in stack.find(name)]
    tree = [*heads, *(child for head in heads for child in head.children(recursive=True))]
    assert any("core.fork_server" in describe(process) for process in tree)
    if url.get_backend_name() == "postgresql":
        check_sockets(tree, url.port or 5432)
    else:
        check_files(tree, str(url.database))
    stack.wait_for(job_id, "succeeded", seconds=120)


def check_sockets(tree: list[psutil.Process], port: int) -> None:
    """Each connection to the server is held by one process, and the process that is copied holds none."""
    owners: dict[int, list[str]] = {}
    for process in tree:
        for own in list_ports(process, port):
            owners.setdefault(own, []).append(describe(process))
    assert len({found[0] for found in owners.values()}) > 1
    assert [found for found in owners.values() if len(found) > 1] == []
    assert not [found for found in owners.values() if "core.fork_server" in found[0]]


def check_files(tree: list[psutil.Process], path: str) -> None:
    """A process that did not open the database itself has it not open: those that are copied do not."""
    holders = {describe(process) for process in tree if path in list_files(process)}
    assert len(holders) > 1
    assert not [holder for holder in holders if "core.fork_server" in holder]


def list_files(process: psutil.Process) -> list[str]:
    """Paths of the files that a process has open; one that has just ended has none."""
    try:
        return [file.path for file in process.open_files()]
    except psutil.NoSuchProcess:
        return []


def list_ports(process: psutil.Process, port: int) -> list[int]:
    """The own ports of a process's connections to a port; one that has just ended has none."""
    try:
        found = process.net_connections("tcp")
    except psutil.NoSuchProcess:
        return []
    return [each.laddr.port for each in found if each.raddr and each.raddr.port == port]


def describe(process: psutil.Process) -> str:
    try:
        return f"{process.pid}: {' '.join(process.cmdline()[1:4])}"
    except psutil.NoSuchProcess:
        return f"{process.pid}: ended"

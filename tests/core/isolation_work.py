"""What the tests of isolation have done apart: good work, and bombs of each kind."""

import ctypes
import os
import pickle
import socket
import subprocess
from pathlib import Path
from typing import Any, Final

from core.attachment import Attachment

# A process that is confined can load no library any more.
LIBC: Final = ctypes.PyDLL(None)


def echo(order: Any) -> Any:
    return order


def hang_in_c(order: Any) -> None:
    LIBC.sleep(600)


def burn(order: Any) -> None:
    while True:
        pass


def crash(order: Any) -> None:
    os.abort()


def fail(order: Any) -> None:
    raise OSError("truncated file")


def take_memory(order: Any) -> int:
    return len(bytearray(order["bytes"]))


def answer_at_length(order: Any) -> str:
    return "a" * order["bytes"]


def attach(order: Any) -> Attachment:
    return Attachment({"told": True}, b"\n1" * (order["bytes"] // 2))


class Announced(bytes):
    """Bytes that are fewer than they say."""

    def __len__(self) -> int:
        return 1000


def attach_less(order: Any) -> Attachment:
    return Attachment({}, Announced(b"few"))


def write(order: Any) -> None:
    Path(order["path"]).write_text("written")


def write_in_c(order: Any) -> int:
    """Writes without Python's knowing of it. Returns: the bytes written, or -1."""
    descriptor = LIBC.open(order["path"].encode(), os.O_WRONLY | os.O_CREAT, 0o600)
    return int(LIBC.write(descriptor, b"written", 7))


def connect(order: Any) -> None:
    socket.create_connection(("127.0.0.1", order["port"]))


def connect_in_c(order: Any) -> int:
    """Connects without Python's knowing of it. Returns: 0 where it could."""
    descriptor = LIBC.socket(2, 1, 0)
    address = b"\x02\x00" + order["port"].to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    return int(LIBC.connect(descriptor, address, len(address)))


def run_program(order: Any) -> None:
    subprocess.run(["touch", order["path"]], check=True)


def unpickle(order: Any) -> None:
    pickle.loads(b"cposix\nsystem\n(S'touch " + order["path"].encode() + b"'\ntR.")


def has_own_network(order: Any) -> bool:
    """Whether there is no network but the loopback of this process, which is down."""
    return len(Path("/proc/self/net/dev").read_text().splitlines()) == 3

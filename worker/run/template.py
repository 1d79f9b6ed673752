"""`python -m worker.run.template FD`: imports everything and makes a copy of itself for each child of the worker.

Two descriptors come through the socket FD for each copy, of orders and of messages. The copy's first parent, a copy
too, ends at once, so that the worker, which adopts orphans, is its parent from then on and sees its status, whatever
becomes of the template. When the worker is gone, so is the template.
"""

import gc
import json
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Final, NoReturn

from sqlalchemy.orm import configure_mappers

from core.logs import configure_logging
from core.settings import get_settings
from worker.delivery import trust_context
from worker.device import choose_device
from worker.run.__main__ import main as run
from worker.run.warmup import warm_up

_STDIN, _STDOUT = 0, 1
_THREADS: Final = Path("/proc/self/task")

_log = logging.getLogger(__name__)


def main() -> None:
    """Warm up and make copies until the worker is gone."""
    # Ctrl-C in a terminal and a service manager reach the whole group; the worker decides what becomes of
    # its children.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    settings = get_settings()
    configure_logging(settings.log_level)
    if settings.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    if _trains_on_cpu(settings.device):
        warm_up("cpu")
    configure_mappers()
    trust_context()
    gc.collect()
    gc.freeze()
    is_alone = _count_threads() == 1
    if not is_alone:
        _log.warning("this process has %d threads: each run must import torch by itself", _count_threads())
    with socket.socket(fileno=int(sys.argv[1])) as control:
        serve(control, is_alone)


def serve(control: socket.socket, is_alone: bool) -> None:
    """Make copies until the worker is gone.

    Args:
        control: brings the descriptors.
        is_alone: whether this process has one thread; copies of one that has more must begin anew, since they have
            the locks of threads that they do not have.
    """
    while True:
        word, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not word:
            return
        orders, messages = descriptors
        parent = os.fork()
        if parent == 0:
            control.close()
            _beget(orders, messages, is_alone)
        # The worker takes the end of this pipe for the child's, which is its own only when the parent is gone.
        os.waitpid(parent, 0)
        os.close(orders)
        os.close(messages)


def _beget(orders: int, messages: int, is_alone: bool) -> NoReturn:
    try:
        pid = os.fork()
        if pid == 0:
            os.dup2(orders, _STDIN)
            os.dup2(messages, _STDOUT)
            os.close(orders)
            os.close(messages)
            if not is_alone:
                os.execv(sys.executable, [sys.executable, "-m", "worker.run"])
            _run()
        os.write(messages, json.dumps({"pid": pid}).encode() + b"\n")
        os._exit(0)
    finally:  # whatever happens, a copy never comes back to serve
        os._exit(1)


def _run() -> NoReturn:
    status = 1
    try:
        status = run()
    except BaseException:
        _log.exception("the child ends")
    finally:
        logging.shutdown()
        sys.stderr.flush()
        os._exit(status)


def _trains_on_cpu(wanted: str) -> bool:
    """Ask a copy: where CUDA was looked for in this process, none of its copies could use it.

    At this first copy OpenBLAS also ends the threads that it has begun, and begins them anew where they are needed.
    """
    pid = os.fork()
    if pid == 0:
        is_cpu = False
        try:
            is_cpu = choose_device(wanted) == "cpu"
        finally:
            os._exit(0 if is_cpu else 1)
    return os.waitpid(pid, 0)[1] == 0


def _count_threads() -> int:
    return len(list(_THREADS.iterdir()))


if __name__ == "__main__":
    main()

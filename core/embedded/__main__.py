"""`python -m core.embedded`: runs the whole service on this machine until it is asked to stop.

Prints a line of JSON for each thing that happens; the first says `{"event": "ready", "url": …}`.
"""

import argparse
import json
import os
import sys
from typing import Any

from core.embedded.stack import Stack, StackError, with_free_port
from core.settings import get_settings


def main() -> int:
    """Run the stack; returns the exit status: 0 where it was asked to stop, 1 where it failed."""
    parser = argparse.ArgumentParser(prog="python -m core.embedded", description=__doc__)
    parser.add_argument("--with-parent", action="store_true", help="stop when the starting process ends")
    follows_parent = parser.parse_args().with_parent
    parent = os.getppid()
    settings = with_free_port(get_settings())
    try:
        Stack(settings, report, lambda: follows_parent and os.getppid() != parent).run()
    except StackError as error:
        report({"event": "failed", "reason": str(error)})
        print(error, file=sys.stderr)
        return 1
    return 0


def report(event: dict[str, Any]) -> None:
    """Print a line of JSON, unless nobody reads it any more."""
    try:
        print(json.dumps(event), flush=True)
    except BrokenPipeError:
        # Python would complain once more when it closes the pipe.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115


if __name__ == "__main__":
    sys.exit(main())

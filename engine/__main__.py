"""`python -m engine script.py [args]`: run a script written for Keras on the engine."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from engine import as_keras

USAGE = "usage: python -m engine script.py [arguments of the script]"


def main(arguments: list[str]) -> None:
    """Run the script named first as Python would, with `keras` meaning the engine.

    Raises:
        SystemExit: no script is named, or it does not exist.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.exit(USAGE if not arguments else print(USAGE))
    script = Path(arguments[0])
    if not script.is_file():
        sys.exit(f"There is no script {script}.\n{USAGE}")
    as_keras.install()
    sys.argv = arguments
    sys.path[0] = str(script.resolve().parent)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])

"""A wall clock that is set while processes run by it."""

import shutil
import struct
import subprocess
from pathlib import Path

NEED = "a C compiler (Debian: apt-get install gcc libc6-dev)"
_SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """The wall clock of processes that get `environment`; their monotonic clock is left alone.

    libfaketime, which does the same, makes `time.sleep` of Python 3.11 fail (seen with its version 0.9.10).

    Args:
        folder: for its files.
    """

    def __init__(self, folder: Path) -> None:
        self._offset = folder / "clock"
        self.environment: dict[str, str] = {}
        compiler = shutil.which("cc")
        self.can_be_set = compiler is not None
        if compiler is None:
            return
        library = folder / "clock.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"], check=True)
        self._offset.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "KERASD_TEST_CLOCK": str(self._offset)}

    def step_to(self, seconds: float) -> None:
        """Set it to the true time and so many seconds."""
        with self._offset.open("r+b", buffering=0) as file:
            file.write(struct.pack("=q", round(seconds)))

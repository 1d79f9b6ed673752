"""The sample job of `kerasd up --sample`: sent, followed, tested, downloaded."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console

from client.client import Client
from client.commands.display import show_events
from client.commands.specification import submit_spec
from client.errors import KerasdError

LEAST_ACCURACY: Final = 0.97

_FOLDER: Final = Path(__file__).parent.parent / "sample"
_TRAINED: Final = Path("digits.h5")
_PATIENCE_SECONDS: Final = 20.0


def run_sample(client: Client, console: Console) -> int:
    """Train the sample, print how well it reads digits it never saw, and leave it in the current folder.

    Returns: exit status: 0 succeeded, 1 failed or learnt too little, 2 cancelled.
    """
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "digits.npz"
        _make_dataset(data)
        spec = json.loads((_FOLDER / "job.json").read_text("utf-8"))
        spec |= {"model": str(_FOLDER / spec["model"]), "dataset": str(data)}
        job = submit_spec(client, spec, _FOLDER)
        console.print(
            f"Sample job {job.id}: a small network learns to read handwritten digits.", soft_wrap=True
        )
        events = client.jobs.watch(job.id, patience_seconds=_PATIENCE_SECONDS)
        history = show_events(console, job, events)
        if history.exit_status != 0:
            return history.exit_status
        accuracy, rows = _measure_accuracy(client, job.id, data)
    console.print(f"Test accuracy on {rows} digits it never saw: {accuracy:.4f}")
    path = client.jobs.fetch(job.id, "model.h5", _TRAINED).absolute()
    console.print(f"Trained model (Keras loads it): {path}", soft_wrap=True)
    if accuracy < LEAST_ACCURACY:
        console.print(f"That is less than {LEAST_ACCURACY}: something is wrong with this installation.")
        return 1
    return 0


def _make_dataset(path: Path) -> None:
    """Write the digits. In a process of its own: scikit-learn is large, and needed here only."""
    made = subprocess.run(
        (sys.executable, "-m", "client.sample.dataset", str(path)), capture_output=True, text=True
    )
    if made.returncode != 0:
        reason = (made.stderr.strip() or f"status {made.returncode}").splitlines()[-1]
        detail = f"{reason}. The digits come with scikit-learn: pip install 'kerasd[sample]'."
        raise KerasdError("The sample's data could not be made", detail)


def _measure_accuracy(client: Client, job_id: str, data: Path) -> tuple[float, int]:
    """Let the service read the test digits. Returns: the share it read right, and how many there were."""
    with np.load(data) as columns:
        x_test, y_test = columns["x_test"], columns["y_test"]
    probabilities = client.jobs.predict(job_id, x_test)
    return float(np.mean(probabilities.argmax(axis=-1) == y_test)), len(y_test)

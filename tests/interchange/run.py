"""Exchange models of all families with the real tf_keras and Keras 3, and write what was found to docs/interchange.md.

Usage: run.py TF_KERAS_PYTHON KERAS_3_PYTHON
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cases import CASES

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
REPORT = ROOT / "docs" / "interchange.md"
TOLERANCE = 1e-5
NAMES = {"engine": "the engine", "tf_keras": "tf_keras", "keras": "Keras 3"}
# Whose files whom: the maker, the reader, and the formats by their endings in the exchange's folder.
DIRECTIONS = (
    ("engine", "tf_keras", ("h5", "json")),
    ("engine", "keras", ("keras", "h5")),
    ("tf_keras", "engine", ("h5", "keras", "json")),
    ("keras", "engine", ("h5", "keras", "json")),
)
FORMATS = {"h5": "`.h5`", "keras": "`.keras`", "json": "JSON and weights"}
# What differs or is refused, by maker, reader, and a part of the case's name with its format; and why.
REASONS: tuple[tuple[str, str, str, str], ...] = (
    (
        "engine",
        "keras",
        "multi_head_attention h5",
        "Keras 3 reads no attention whose inputs are one list, as Keras 2's calls have them; use `.keras`",
    ),
    (
        "engine",
        "tf_keras",
        "multi_head_attention",
        "tf_keras reads no attention whose inputs are one list, as Keras 2's calls have them",
    ),
    (
        "keras",
        "engine",
        "average_pooling2d_same",
        "Keras 3 on torch counts the padding in `same` average pooling",
    ),
    (
        "engine",
        "keras",
        "average_pooling2d_same",
        "Keras 3 on torch counts the padding in `same` average pooling",
    ),
    (
        "tf_keras",
        "engine",
        "nadam",
        "tf_keras's file lacks a part of Nadam's state; its own Nadam goes on otherwise",
    ),
    (
        "engine",
        "tf_keras",
        "nadam",
        "the file lacks a part of Nadam's state, and tf_keras's formula is another one",
    ),
    (
        "engine",
        "keras",
        "dense_hard_sigmoid h5",
        "`hard_sigmoid` is another function in Keras 3; `.keras` tells them apart",
    ),
    (
        "engine",
        "keras",
        "encoder_decoder h5",
        "Keras 3 reads no initial states from Keras 2's calls; use `.keras`",
    ),
    (
        "engine",
        "keras",
        "nested_model_twice h5",
        "Keras 3 reads no repeated calls of Keras 2's nested models; use `.keras`",
    ),
    ("engine", "keras", "spatialdropout", "Keras 3 refuses the arguments that Keras 2 writes; use `.keras`"),
    (
        "engine",
        "keras",
        "thresholdedrelu",
        "Keras 3 has no ThresholdedReLU; `.keras` writes ReLU with a threshold",
    ),
    ("engine", "keras", "locally_connected", "Keras 3 has no local layers"),
    ("engine", "keras", "cudnn", "Keras 3 has no CuDNN layers"),
    ("engine", "tf_keras", "cudnn", "tf_keras runs these on GPUs alone"),
    ("keras", "", "locally_connected", "Keras 3 has no local layers"),
    ("keras", "", "cudnn", "Keras 3 has no CuDNN layers"),
    ("keras", "", "thresholdedrelu", "Keras 3 has no ThresholdedReLU"),
    ("tf_keras", "", "cudnn", "tf_keras's layers have no CuDNN layers"),
)
LIST_OF_LAYERS = "pop expected at most 1 argument"
REASON_LIST = (
    "Keras 3 reads no Sequential model that is a list of layers, as Keras 2.1.6 writes it; use `.keras`"
)


def main(pythons: dict[str, str]) -> int:
    """Exchange and report; return the number of differences that nothing explains."""
    with tempfile.TemporaryDirectory() as folder:
        for maker in pythons:
            _run(pythons[maker], maker, "make", Path(folder, maker))
        results = {}
        for maker, reader, _ in DIRECTIONS:
            _run(pythons[reader], reader, "read", Path(folder, maker))
            results[maker, reader] = _load(Path(folder, maker, f"read_by_{reader}.json"))
            results[maker, ""] = _load(Path(folder, maker, f"make_by_{maker}.json"))
    lines, reasons, unexplained = _tabulate(results)
    REPORT.write_text(_write(lines, reasons))
    for text in unexplained:
        print(f"unexplained: {text}", file=sys.stderr)
    return len(unexplained)


def _run(python: str, name: str, action: str, folder: Path) -> None:
    environment = {
        **os.environ,
        "KERAS_BACKEND": "torch",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(ROOT),
    }
    command = [python, "-W", "ignore", str(HERE / "exchange.py"), name, action, str(folder)]
    subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)


def _load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def _tabulate(results: dict[tuple[str, str], dict[str, Any]]) -> tuple[list[str], list[str], list[str]]:
    """Return the table's lines, the reasons that they refer to, and what no reason is known for."""
    reasons: list[str] = []
    unexplained: list[str] = []
    families = list(dict.fromkeys(case.family for case in CASES))
    lines = []
    for family in families:
        cells = [family]
        for maker, reader, formats in DIRECTIONS:
            for kind in formats:
                cell = _Cell(maker, reader)
                for case in CASES:
                    if case.family == family:
                        cell.add(case.name, kind, results)
                unexplained.extend(cell.unexplained)
                cells.append(cell.text(reasons))
        lines.append("| " + " | ".join(cells) + " |")
    return lines, reasons, unexplained


class _Cell:
    """What was found for one family, direction and format."""

    def __init__(self, maker: str, reader: str) -> None:
        self.maker, self.reader = maker, reader
        self.largest: float | None = None
        self.reasons: list[str] = []
        self.unexplained: list[str] = []

    def add(self, name: str, kind: str, results: dict[tuple[str, str], dict[str, Any]]) -> None:
        """Count one case in."""
        made = results[self.maker, ""]
        found = results[self.maker, self.reader].get(f"{name} {kind}")
        found = made.get(f"{name} {kind}", made.get(name)) if found is None else found
        if isinstance(found, float) and found <= TOLERANCE:
            self.largest = max(found, self.largest or 0.0)
            return
        reason = self._explain(f"{name} {kind}", found)
        if reason is None:
            self.unexplained.append(f"{self.maker} to {self.reader}, {name} {kind}: {found}")
        else:
            self.reasons.append(f"`{name}`: {reason}")

    def _explain(self, what: str, found: Any) -> str | None:
        if isinstance(found, str) and LIST_OF_LAYERS in found:
            return REASON_LIST
        for maker, reader, part, reason in REASONS:
            if maker == self.maker and reader in (self.reader, "") and part in what:
                return reason
        return None

    def text(self, reasons: list[str]) -> str:
        """Return the cell, with numbers of the reasons for what is left out."""
        marks = []
        for reason in dict.fromkeys(text.partition(": ")[2] for text in self.reasons):
            if reason not in reasons:
                reasons.append(reason)
            marks.append(str(reasons.index(reason) + 1))
        figure = "-" if self.largest is None else f"{self.largest:.0e}" if self.largest else "0"
        return f"{figure} ({', '.join(marks)})" if marks else figure


def _write(lines: list[str], reasons: list[str]) -> str:
    directions = [
        f"{NAMES[maker]} to {NAMES[reader]}, {FORMATS[kind]}"
        for maker, reader, kinds in DIRECTIONS
        for kind in kinds
    ]
    notes = "\n".join(
        f"{number}. {reason[0].upper()}{reason[1:]}." for number, reason in enumerate(reasons, 1)
    )
    return f"""# Interchange with tf_keras and Keras 3

Models of all families, built and saved by one of them and loaded by another, in environments of their own;
`make interchange` does it again and writes this page. A cell has the largest absolute difference of predictions, or for
"training on" of the losses of three further steps too. Numbers in parentheses say what is left out of the figure, and
why.

| family | {" | ".join(directions)} |
|---|{"---|" * len(directions)}
{chr(10).join(lines)}

{notes}

## What differs by intention

- `.keras` files are written in Keras 3's words, which tf_keras does not read: give it `.h5`. Keras 3 reads no JSON of
  Keras 2.
- Layers whose default activation is `hard_sigmoid` keep their meaning in `.keras` files: the function is written as a
  small model of `Rescaling` and Keras 3's own `hard_sigmoid`. In `.h5` files Keras 3 takes its own function for that of
  Keras 2.
- RMSprop and Adagrad of later lines add epsilon inside the root, Nadam's momentum follows another schedule, Adagrad
  starts from sums of 0.1, and `clipnorm` is the norm of each gradient. Models that come from there keep all that in the
  engine. Where Keras 3 can't do what Keras 2 does, saving to `.keras` warns.
- Later lines divide losses of activities by the batch's size; Keras 2.1.6 adds them up.
- BatchNormalization of Keras 3, and of tf_keras except over images, feeds its moving variance the plain variance of a
  batch; Keras 2.1.6 corrects it for the batch's size. Losses are the same; predictions after training on are not quite.
- Optimizers, learning rate schedules, losses and metrics that Keras 2.1.6 does not know are refused by name;
  `load_model(path, compile=False)` loads the model all the same.
"""


if __name__ == "__main__":
    sys.exit(bool(main({"engine": sys.executable, "tf_keras": sys.argv[1], "keras": sys.argv[2]})))

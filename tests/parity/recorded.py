"""Reading what real Keras computed: models, arrays and losses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FIXTURES = Path(__file__).parent.parent / "fixtures"


@dataclass(frozen=True)
class Recording:
    """One recorded model."""

    oracle: str
    facts: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.oracle}-{self.facts['name']}"

    def path(self, kind: str) -> Path:
        return FIXTURES / self.oracle / self.facts["files"][kind]

    def text(self) -> str:
        return self.path("json").read_text()

    def arrays(self) -> dict[str, np.ndarray]:
        with np.load(self.path("npz")) as archive:
            return {name: archive[name] for name in archive.files}

    def numbered(self, prefix: str) -> list[np.ndarray]:
        """Return the arrays `prefix_0`, `prefix_1`... in order."""
        arrays = self.arrays()
        found = []
        while f"{prefix}_{len(found)}" in arrays:
            found.append(arrays[f"{prefix}_{len(found)}"])
        return found

    def data(self) -> tuple[Any, Any, Any]:
        """Return inputs, targets and sample weights as `train_on_batch` takes them."""
        single = lambda items: items[0] if len(items) == 1 else items  # noqa: E731
        weights = self.numbered("sample_weight") or [self.arrays().get("sample_weight")]
        return single(self.numbered("x")), single(self.numbered("t")), single(weights)


def read_recordings(oracle: str) -> list[Recording]:
    index = json.loads((FIXTURES / oracle / "index.json").read_text())
    return [Recording(oracle, facts) for facts in index["fixtures"]]


def decode(value: Any) -> Any:
    """Turn the recorded form of arrays back into arrays."""
    if isinstance(value, dict) and "__nd__" in value:
        return np.asarray(value["__nd__"], dtype=value["dtype"]).reshape(value["shape"])
    if isinstance(value, dict):
        return {key: decode(item) for key, item in value.items()}
    return [decode(item) for item in value] if isinstance(value, list) else value


def summarise(array: np.ndarray) -> np.ndarray:
    """Return an array as it is recorded: large ones as three sums."""
    if array.size <= 40:
        return array
    return np.array([array.sum(), np.abs(array).sum(), (array**2).sum()])

"""Which columns a job trains on when it names none: found by their usual names."""

from collections.abc import Sequence
from typing import Any

from core.datasets.description import Column
from core.datasets.errors import DatasetError

PAIRS = (("x", "y"), ("image", "label"), ("images", "labels"), ("data", "target"), ("features", "target"),
         ("features", "labels"), ("inputs", "targets"))  # fmt: skip
TRAIN_ENDINGS = ("", "_train")
VALIDATION_ENDINGS = ("_validation", "_val", "_valid", "_test")
TARGETS = ("label", "target", "y", "class")
WEIGHT = "sample_weight"


def default_data(columns: Sequence[Column]) -> dict[str, Any]:
    """The `data` section that a job without one gets.

    Pairs of the usual names come first (`x` and `y`, `x_train` and `y_train` with `x_test` and `y_test` or
    `x_val` and `y_val` for validation, `image` and `label`, and so on, in any case). A table has its `label`,
    `target`, `y` or `class` column, or else its last one, as y and all others as x.

    Raises:
        DatasetError: the names tell nothing; the job must say `data`.
    """
    names = {column.name.lower(): column.name for column in columns}
    paired = _paired(names)
    if paired is not None:
        return paired
    if len(columns) > 1 and all(column.shape == () for column in columns):
        return _table(names)
    shown = ", ".join(f"{column.name} {list(column.shape)}" for column in columns)
    raise DatasetError(
        f"which columns are inputs and which are targets cannot be told from their names ({shown}); say so, "
        f'as in "data": {{"x": "{columns[0].name}", "y": "{columns[-1].name}"}}',
        "/data",
    )


def _paired(names: dict[str, str]) -> dict[str, Any] | None:
    for x, y in PAIRS:
        for ending in TRAIN_ENDINGS:
            if x + ending in names and y + ending in names:
                data: dict[str, Any] = {"x": names[x + ending], "y": names[y + ending]}
                validation = next(
                    (end for end in VALIDATION_ENDINGS if {x + end, y + end} <= names.keys()), None
                )
                if validation is not None:
                    data["validation"] = {"x": names[x + validation], "y": names[y + validation]}
                if WEIGHT + ending in names:
                    data["sample_weight"] = names[WEIGHT + ending]
                return data
    return None


def _table(names: dict[str, str]) -> dict[str, Any]:
    weight = names.pop(WEIGHT, None)
    target = next((names[name] for name in TARGETS if name in names), list(names.values())[-1])
    features = [name for name in names.values() if name != target]
    data: dict[str, Any] = {"x": features if len(features) > 1 else features[0], "y": target}
    return data if weight is None else {**data, "sample_weight": weight}

"""Does a training fit together? Everything that can be known before it is queued is checked here."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from api.errors import Fault, ProblemError, pointer_to
from api.jobs.callbacks import check_callbacks, find_monitors
from api.jobs.feeds import Feed, assign_ports
from api.jobs.schemas import CompileRequest, FitRequest, JobRequest
from api.models.isolation import check_training
from core.datasets import Column, DatasetError, Selection, select
from core.datasets.selection import Side
from core.settings import Settings
from core.tables import Dataset, Model

DEFAULT_BATCH_SIZE: Final = 32
_SPARSE: Final = "sparse_categorical_crossentropy"
_PROBABILITY_LOSSES: Final = {"binary_crossentropy", "categorical_crossentropy"}


@dataclass(frozen=True)
class _Feeds:
    x: Mapping[str, Feed]
    y: Mapping[str, Feed]


class TrainingCheck:
    """One request for a training, held against its model and dataset.

    Attributes:
        spec: the request with its defaults filled in, as the worker reads it. faults: what is wrong.
    """

    def __init__(
        self, request: JobRequest, arguments: CompileRequest, model: Model, dataset: Dataset
    ) -> None:
        self._request = request
        self._arguments = arguments
        self._model = model
        self._columns = [Column.from_json(column) for column in dataset.columns]
        self._inputs = {entry["name"]: entry for entry in model.summary["inputs"]}
        self._outputs = {entry["name"]: entry["shape"] for entry in model.summary["outputs"]}
        self._data = request.data.model_dump(exclude_none=True)
        self.faults: list[Fault] = []
        self.spec: dict[str, Any] = {}

    def run(self, settings: Settings) -> None:
        """Check everything; shapes first in plain words, then what only the engine knows."""
        callbacks, self.faults = check_callbacks(self._request.callbacks)
        selection = self._select()
        training = None if selection is None else self._assign(selection, selection.train, "/data")
        validation = None
        if selection is not None and selection.validation is not None:
            validation = self._assign(selection, selection.validation, "/data/validation")
        for feeds in (training, validation):
            if feeds is not None:
                self._check_feeds(feeds)
        shapes = ({}, {}) if self.faults or training is None else self._find_shapes(training)
        arguments = self._arguments.model_dump()
        names, faults = check_training(self._model.definition, arguments, *shapes, settings)
        self.faults += faults
        if names:
            validates = validation is not None or self._request.fit.validation_split > 0
            self._check_monitors(callbacks, names, validates)
        if selection is not None and training is not None:
            self._check_fit(self._request.fit, selection, training, settings)
        self._make_spec(arguments, callbacks)

    def _select(self) -> Selection | None:
        try:
            return select(self._columns, self._data)
        except DatasetError as exc:
            self._fail(exc.pointer or "/data", exc.detail)
            return None

    def _assign(self, selection: Selection, side: Side, pointer: str) -> _Feeds | None:
        try:
            x = assign_ports(selection, side.x, list(self._inputs), f"{pointer}/x", "input")
            y = assign_ports(selection, side.y, list(self._outputs), f"{pointer}/y", "output")
        except ProblemError as exc:
            self.faults += exc.errors
            return None
        return _Feeds(x, y)

    def _check_feeds(self, feeds: _Feeds) -> None:
        for name, feed in feeds.x.items():
            self._check_input(name, feed, self._inputs[name])
        for index, (name, feed) in enumerate(feeds.y.items()):
            self._check_target(name, feed, self._outputs[name], _pick(self._arguments.loss, name, index))

    def _check_input(self, name: str, feed: Feed, entry: Mapping[str, Any]) -> None:
        expected = entry["shape"][1:]
        if not _fits(feed.shape, expected):
            detail = (
                f"expected {name} to have shape {_show(expected)} but the column {feed.columns} "
                f"has rows of shape {_show(feed.shape)}"
            )
            self._fail(feed.pointer, detail)
        size = entry["vocabulary_size"]
        if size is not None and (_is_over(feed.maximum, size - 1) or _is_under(feed.minimum, 0)):
            detail = (
                f"{name} feeds an Embedding with input_dim {size}, so its values lie from 0 to {size - 1}; "
                f"found {feed.minimum:g} to {feed.maximum:g}"
            )
            self._fail(feed.pointer, detail)

    def _check_target(self, name: str, feed: Feed, output: list[int | None], loss: str | None) -> None:
        encodes = self._request.data.encode_y == "categorical"
        if loss is None:
            return
        if loss == _SPARSE or encodes:
            expected = [*output[1:-1], 1]
            self._check_labels(name, feed, output[-1])
        else:
            expected = output[1:]
        if not _fits(feed.shape, expected):
            hint = ""
            if loss == "categorical_crossentropy" and feed.shape == (1,):
                hint = f'; for integer labels set data.encode_y to "categorical", or use the loss {_SPARSE}'
            detail = (
                f"with the loss {loss}, {name} needs targets of shape {_show(expected)} a row; the column "
                f"{feed.columns} has {_show(feed.shape)}{hint}"
            )
            self._fail(feed.pointer, detail)
        elif (
            loss in _PROBABILITY_LOSSES
            and not encodes
            and (_is_over(feed.maximum, 1) or _is_under(feed.minimum, 0))
        ):
            detail = (
                f"with the loss {loss} targets lie from 0 to 1; found {feed.minimum:g} to {feed.maximum:g}"
            )
            self._fail(feed.pointer, detail)
        if encodes and loss == _SPARSE:
            self._fail("/data/encode_y", f"{_SPARSE} takes integer labels; leave encode_y out")

    def _check_labels(self, name: str, feed: Feed, classes: int | None) -> None:
        if classes is None:
            return
        if feed.encoded_width is not None and feed.encoded_width < classes:
            detail = (
                f"the labels of {feed.columns} make {feed.encoded_width} columns and {name} has {classes}; "
                f"use the loss {_SPARSE} without encode_y, which needs no label of every class"
            )
            self._fail("/data/encode_y", detail)
        if _is_over(feed.maximum, classes - 1) or _is_under(feed.minimum, 0):
            detail = (
                f"{name} has {classes} classes, so labels lie from 0 to {classes - 1}; the column "
                f"{feed.columns} has {feed.minimum:g} to {feed.maximum:g}"
            )
            self._fail(feed.pointer, detail)

    def _find_shapes(self, feeds: _Feeds) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
        """Shapes of rows as the engine gets them."""
        targets = {name: feed.shape for name, feed in feeds.y.items()}
        if self._request.data.encode_y == "categorical":
            targets = {name: (feed.encoded_width or 1,) for name, feed in feeds.y.items()}
        return {name: feed.shape for name, feed in feeds.x.items()}, targets

    def _check_fit(self, fit: FitRequest, selection: Selection, feeds: _Feeds, settings: Settings) -> None:
        rows = selection.rows
        if fit.initial_epoch >= fit.epochs:
            self._fail(
                "/fit/initial_epoch", f"must be less than epochs ({fit.epochs}), found {fit.initial_epoch}"
            )
        if fit.validation_split and selection.validation is None:
            training_rows = int(rows * (1 - fit.validation_split))
            if not 0 < training_rows < rows:
                detail = f"leaves {training_rows} of {rows} rows to train with; both parts need some"
                self._fail("/fit/validation_split", detail)
        if fit.steps_per_epoch is not None and fit.batch_size is not None:
            self._fail("/fit/batch_size", "if steps_per_epoch is set, batch_size must be left out")
        self._check_batch_size(fit.batch_size, settings)
        if fit.class_weight is not None:
            self._check_class_weight(fit.class_weight, feeds)

    def _check_batch_size(self, given: int | None, settings: Settings) -> None:
        batch_size = given or DEFAULT_BATCH_SIZE
        for name, entry in self._inputs.items():
            fixed = entry["shape"][0]
            if fixed is not None and fixed != batch_size:
                self._fail(
                    "/fit/batch_size",
                    f"the input {name} has the fixed batch size {fixed}, found {batch_size}",
                )
        activation_bytes = self._model.summary["memory"]["activation_bytes_per_sample"] * batch_size
        if activation_bytes > settings.max_activation_bytes:
            detail = (
                f"a batch of {batch_size} takes about {activation_bytes} bytes in all layers; the limit is "
                f"{settings.max_activation_bytes}. Choose a smaller batch"
            )
            self._fail("/fit/batch_size", detail)

    def _check_class_weight(self, class_weight: Mapping[str, Any], feeds: _Feeds) -> None:
        is_nested = any(isinstance(value, dict) for value in class_weight.values())
        if not is_nested and len(self._outputs) > 1:
            self._fail("/fit/class_weight", f"needs an object by output: {', '.join(self._outputs)}")
            return
        by_output = class_weight if is_nested else {next(iter(self._outputs)): class_weight}
        for name, weights in by_output.items():
            pointer = pointer_to("fit", "class_weight", *([name] if is_nested else []))
            if name not in self._outputs:
                self._fail(pointer, f"the model has no output {name!r}; it has {', '.join(self._outputs)}")
                continue
            labels = feeds.y[name].labels or frozenset()
            missing = sorted(labels - {int(label) for label in weights})
            if missing:
                self._fail(pointer, f"must contain all classes in the data; missing: {missing[:20]}")

    def _check_monitors(self, callbacks: list[dict[str, Any]], names: list[str], validates: bool) -> None:
        known = [*names, *([f"val_{name}" for name in names] if validates else []), "lr"]
        for pointer, monitor in find_monitors(callbacks).items():
            if monitor in known:
                continue
            if monitor.removeprefix("val_") in names:
                detail = (
                    f"{monitor} needs validation: set data.validation or fit.validation_split, or watch loss"
                )
            else:
                close = get_close_matches(monitor, known, 1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                detail = f"no value is called {monitor!r}{hint} This training reports {', '.join(known)}"
            self._fail(pointer, detail)

    def _make_spec(self, arguments: dict[str, Any], callbacks: list[dict[str, Any]]) -> None:
        request = self._request
        self.spec = {
            "model": self._model.id,
            "dataset": request.dataset,
            "data": self._data,
            "compile": arguments,
            "fit": request.fit.model_dump(),
            "callbacks": callbacks,
            "seed": request.seed,
            "mixed_precision": request.mixed_precision,
        }

    def _fail(self, pointer: str, detail: str) -> None:
        self.faults.append(Fault(pointer=pointer, detail=detail))


def _pick(loss: Any, name: str, index: int) -> str | None:
    """The loss of one output."""
    if isinstance(loss, dict):
        return loss.get(name)
    if isinstance(loss, list):
        return loss[index] if index < len(loss) else None
    return str(loss) if loss is not None else None


def _fits(shape: tuple[int, ...], expected: list[int | None]) -> bool:
    return len(shape) == len(expected) and all(
        wanted is None or size == wanted for size, wanted in zip(shape, expected)
    )


def _show(shape: Any) -> str:
    return (
        "("
        + ", ".join("any" if size is None else str(size) for size in shape)
        + ("," if len(shape) == 1 else "")
        + ")"
    )


def _is_over(value: float | None, limit: float) -> bool:
    return value is not None and value > limit


def _is_under(value: float | None, limit: float) -> bool:
    return value is not None and value < limit

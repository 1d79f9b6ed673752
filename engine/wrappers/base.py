"""What estimators around a Sequential model share."""

from __future__ import annotations

import copy
import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.layers.base import accepts_argument
from engine.models import Sequential, load_model
from engine.training.categorical import to_categorical

# Whose arguments an estimator takes besides those of the function that builds the model.
_METHODS = (Sequential.fit, Sequential.predict, Sequential.predict_classes, Sequential.evaluate)


class NotFittedError(ValueError, AttributeError):
    """An estimator was asked before it was fitted."""


class BaseWrapper:
    """What the estimators share.

    A `build_fn` that is None means that a subclass builds the model in its `__call__`. While it runs,
    `n_features_in_` is set, and for a classifier `classes_` and `n_classes_`.

    Args:
        build_fn: a function, a method, or an object with `__call__`, that returns a compiled Sequential.
        sk_params: arguments of `build_fn` and of `fit`, `predict`, `predict_classes` and `evaluate`.

    Attributes:
        model: the model, once fitted.

    Raises:
        ValueError: an argument is of neither.
    """

    estimator_type: str

    def __init__(self, build_fn: Callable[..., Any] | None = None, **sk_params: Any) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_params().items())})"

    @property
    def _builder(self) -> Any:
        """What builds the model."""
        return self.build_fn if self.build_fn is not None else self

    def check_params(self, params: dict[str, Any]) -> None:
        """Look whether names are arguments of the building function or of the model's methods.

        Raises:
            ValueError: one is not.
        """
        functions = (*_METHODS, *([self._builder] if callable(self._builder) else []))
        for name in params:
            # Keras 1's name of `epochs`, which `fit` takes with a warning.
            if name != "nb_epoch" and not any(accepts_argument(function, name) for function in functions):
                raise ValueError(
                    f"{name} is not a legal parameter: neither the function that builds the model nor `fit`, "
                    "`predict` and `evaluate` take it."
                )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments that the estimator was made with."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> Any:
        """Change arguments.

        Returns:
            The estimator.

        Raises:
            ValueError: one is unknown.
        """
        if "build_fn" in params:
            self.build_fn = params.pop("build_fn")
        self.check_params(params)
        self.sk_params.update(params)
        return self

    def filter_sk_params(
        self, fn: Callable[..., Any], override: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return those arguments of the estimator that a function takes, and `override` over them."""
        own = {name: value for name, value in self.sk_params.items() if accepts_argument(fn, name)}
        return {**own, **(override or {})}

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build a model and train it.

        Args:
            x: inputs.
            y: targets.
            kwargs: arguments of the model's `fit`, over those of the estimator.

        Returns:
            A `History`.

        Raises:
            TypeError: there is nothing that builds a model.
            ValueError: `y` is missing, or the data does not fit the model.
        """
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        shape = x.shape if hasattr(x, "shape") else np.asarray(x).shape
        self.n_features_in_ = shape[1] if len(shape) > 1 else None
        builder = self._builder
        if not callable(builder):
            raise TypeError(
                f"{type(self).__name__} needs a `build_fn` that returns a compiled model, or a subclass with "
                f"`__call__`. Received: {self.build_fn!r}"
            )
        self.model = builder(**self.filter_sk_params(builder))
        arguments = copy.deepcopy(self.filter_sk_params(Sequential.fit))
        return self.model.fit(x, self._encode(y), **{**arguments, **kwargs})

    def _encode(self, y: Any) -> Any:
        """Return class numbers as a binary matrix where the model's loss wants one."""
        loss = getattr(self.model.loss, "__name__", self.model.loss)
        if loss != "categorical_crossentropy" or (np.ndim(y) == 2 and np.shape(y)[1] > 1):
            return y
        return to_categorical(y)

    def _require_model(self) -> Any:
        if "model" not in vars(self):
            raise NotFittedError(f"This {type(self).__name__} has no model yet. Call `fit` first.")
        return self.model

    def __getstate__(self) -> dict[str, Any]:
        """Return what pickle keeps: the model as the bytes of its HDF5 file."""
        state = dict(vars(self))
        if "model" in state:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model.h5"
                self.model.save(path)
                state["model"] = path.read_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore what `__getstate__` gave; custom objects are looked up in the open scopes."""
        vars(self).update(state)
        if "model" in state:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model.h5"
                path.write_bytes(state["model"])
                self.model = load_model(path)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn, which alone calls this, what kind of estimator this is."""
        utils = importlib.import_module("sklearn.utils")
        is_classifier = self.estimator_type == "classifier"
        return utils.Tags(
            estimator_type=self.estimator_type,
            target_tags=utils.TargetTags(required=True),
            classifier_tags=utils.ClassifierTags() if is_classifier else None,
            # A regressor's score is its loss, not an R2.
            regressor_tags=None if is_classifier else utils.RegressorTags(poor_score=True),
            non_deterministic=True,
        )

"""Sequential models as estimators of scikit-learn (manual, chapter 19)."""

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


class KerasClassifier(BaseWrapper):
    """A classifier around a Sequential model; its arguments are those of `BaseWrapper`.

    Attributes:
        classes_: the labels, in the order of the model's outputs.
        n_classes_: their number.
    """

    estimator_type = "classifier"

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build a model and train it.

        Args:
            x: inputs.
            y: labels (samples,) or (samples, 1), or a binary matrix (samples, classes).
            kwargs: arguments of the model's `fit`, over those of the estimator.

        Returns:
            A `History`.

        Raises:
            ValueError: `y` has another shape.
        """
        if y is None:
            return super().fit(x, y)
        y = np.array(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(f"Invalid shape for y: {y.shape}")
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return the most probable label of each sample.

        Args:
            x: inputs.
            kwargs: arguments of the model's `predict_classes`, over those of the estimator.
        """
        classes = self._require_model().predict_classes(
            x, **self.filter_sk_params(Sequential.predict_classes, kwargs)
        )
        return self.classes_[classes[:, 0] if classes.shape[1:] == (1,) else classes]

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return the probabilities of the labels.

        Args:
            x: inputs.
            kwargs: arguments of the model's `predict_proba`, over those of the estimator.

        Shapes: (samples, classes), also where the model has one output for two classes.
        """
        probabilities = self._require_model().predict_proba(
            x, **self.filter_sk_params(Sequential.predict_proba, kwargs)
        )
        if probabilities.shape[1] == 1:
            probabilities = np.hstack([1 - probabilities, probabilities])
        return probabilities

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the accuracy, which the model must have been compiled with.

        Args:
            x: inputs.
            y: labels, as for `fit`.
            kwargs: arguments of the model's `evaluate`, over those of the estimator.

        Raises:
            ValueError: the model does not compute the accuracy.
        """
        y = np.array(y)
        if not (y.ndim == 2 and y.shape[1] > 1):
            y = np.searchsorted(self.classes_, y)
        results = self._require_model().evaluate(
            x, self._encode(y), **self.filter_sk_params(Sequential.evaluate, kwargs)
        )
        values = dict(zip(self.model.metrics_names, results if isinstance(results, list) else [results]))
        if "acc" not in values:
            raise ValueError(
                "The model is not configured to compute accuracy. You should pass `metrics=['accuracy']` to the "
                "`model.compile()` method."
            )
        return values["acc"]


class KerasRegressor(BaseWrapper):
    """A regressor around a Sequential model; its arguments are those of `BaseWrapper`."""

    estimator_type = "regressor"

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return the predictions.

        Args:
            x: inputs.
            kwargs: arguments of the model's `predict`, over those of the estimator.

        Shapes: (samples,) where the model has one output, else (samples, outputs).
        """
        predictions = self._require_model().predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        return predictions[:, 0] if predictions.shape[1:] == (1,) else predictions

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the loss with its sign turned, so that more is better.

        Args:
            x: inputs.
            y: targets.
            kwargs: arguments of the model's `evaluate`, over those of the estimator.
        """
        loss = self._require_model().evaluate(x, y, **self.filter_sk_params(Sequential.evaluate, kwargs))
        return -(loss[0] if isinstance(loss, list) else loss)

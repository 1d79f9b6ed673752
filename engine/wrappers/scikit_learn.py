"""Sequential models as estimators of scikit-learn (manual, chapter 19)."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.models import Sequential
from engine.wrappers.base import BaseWrapper, NotFittedError

__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor", "NotFittedError"]


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

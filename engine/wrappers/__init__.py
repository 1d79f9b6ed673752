"""Models for other libraries."""

from engine.wrappers import scikit_learn

__all__ = ["scikit_learn"]

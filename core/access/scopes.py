"""Scopes: how much a key allows, each one what the ones before it allow."""

from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """What the bearer of a key may do in its project."""

    READ = "read"
    """Look at everything."""
    SUBMIT = "submit"
    """Create, change and delete models, datasets and jobs."""
    ADMIN = "admin"
    """Create and revoke keys."""

    def allows(self, needed: "Scope") -> bool:
        """Whether this scope is enough where `needed` is asked for."""
        return _RANK[self] >= _RANK[needed]


_RANK: Final = {scope: rank for rank, scope in enumerate(Scope)}

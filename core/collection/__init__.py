"""Garbage collection: what nothing refers to leaves the store, and what something refers to never does."""

from core.collection.references import confirm_object, discard_unreferenced
from core.collection.rounds import Collection, collect, collect_when_due

__all__ = ["Collection", "collect", "collect_when_due", "confirm_object", "discard_unreferenced"]

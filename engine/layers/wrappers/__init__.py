"""Layers around other layers (manual, section 5.12)."""

from engine.layers.wrappers.base import Wrapper
from engine.layers.wrappers.bidirectional import Bidirectional
from engine.layers.wrappers.time_distributed import TimeDistributed

__all__ = ["Bidirectional", "TimeDistributed", "Wrapper"]

"""Ending a training whose loss is no number."""

from __future__ import annotations

import math

from engine.callbacks.base import Callback, Logs


class TerminateOnNaN(Callback):
    """Ends the training when a batch's loss is NaN or infinite. It waits for the device at each batch."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch."""
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True

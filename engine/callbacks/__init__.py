"""Callbacks (manual, chapter 11)."""

from engine.callbacks.base import Callback, CallbackList
from engine.callbacks.base_logger import BaseLogger
from engine.callbacks.csv_logger import CSVLogger
from engine.callbacks.early_stopping import EarlyStopping
from engine.callbacks.history import History
from engine.callbacks.lambda_callback import LambdaCallback
from engine.callbacks.learning_rate_scheduler import LearningRateScheduler
from engine.callbacks.model_checkpoint import ModelCheckpoint
from engine.callbacks.progbar_logger import ProgbarLogger
from engine.callbacks.progress_bar import Progbar
from engine.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from engine.callbacks.remote_monitor import RemoteMonitor
from engine.callbacks.tensorboard import TensorBoard
from engine.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BaseLogger",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "Progbar",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "TensorBoard",
    "TerminateOnNaN",
]

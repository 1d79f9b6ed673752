"""Recurrent layers (manual, section 5.6)."""

from engine.layers.recurrent.base import RNN
from engine.layers.recurrent.gru import GRU, GRUCell
from engine.layers.recurrent.legacy import Recurrent
from engine.layers.recurrent.lstm import LSTM, LSTMCell
from engine.layers.recurrent.simple import SimpleRNN, SimpleRNNCell
from engine.layers.recurrent.stacked import StackedRNNCells

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRUCell",
    "LSTMCell",
    "Recurrent",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
]

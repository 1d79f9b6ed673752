"""The device that runs train on, and the seed of what is drawn on it."""

import random

import numpy as np
import torch


class DeviceMissingError(RuntimeError):
    """The device that the settings ask for is not there."""


def choose_device(wanted: str) -> str:
    """The device to train on: "cuda" or "cpu".

    Args:
        wanted: "cpu", "cuda", or "auto" for CUDA where it is there.
    Raises:
        DeviceMissingError: CUDA is asked for and torch finds none.
    """
    if wanted == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise DeviceMissingError(
            "KERASD_DEVICE is cuda, but torch finds no CUDA device: install torch's CUDA build and the "
            "driver, or set KERASD_DEVICE=auto."
        )
    return "cpu"


def describe_device(device: str) -> str:
    """The device in words, such as "cuda (NVIDIA H200)"."""
    return f"cuda ({torch.cuda.get_device_name()})" if device == "cuda" else "cpu"


def seed_generators(seed: int) -> None:
    """Start the random generators of Python, of NumPy and of torch on every device from `seed`."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def count_threads() -> int:
    """How many threads torch computes with on the CPU."""
    return torch.get_num_threads()


def use_threads(count: int) -> None:
    """Let torch compute with so many threads on the CPU."""
    torch.set_num_threads(count)

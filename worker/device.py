"""The device that runs train on, and what only torch itself can do: its seed and its random state."""

from typing import Any

import numpy as np
import numpy.typing as npt
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
    """Start the random generators of NumPy and of torch on every device from `seed`."""
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_state_to_arrays(state: dict[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """Turn what the engine's `get_random_state` gives into arrays by name, for a file."""
    _, keys, position, has_gauss, gauss = state["numpy"]
    arrays = {
        "numpy/keys": keys,
        "numpy/position": np.array([position, has_gauss]),
        "numpy/gauss": np.array(gauss),
        "torch": state["torch"].numpy(),
    }
    for place, seeded in enumerate(state["seeded"]):
        arrays[f"seeded/{place}"] = seeded.numpy()
    if "cuda" in state:
        arrays["cuda"] = state["cuda"].numpy()
    return arrays


def random_state_from_arrays(arrays: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """The reverse of `random_state_to_arrays`."""
    position, has_gauss = arrays["numpy/position"].tolist()
    seeded = sorted((name for name in arrays if name.startswith("seeded/")), key=lambda name: int(name[7:]))
    state: dict[str, Any] = {
        "numpy": ("MT19937", arrays["numpy/keys"], position, has_gauss, float(arrays["numpy/gauss"])),
        "torch": torch.from_numpy(arrays["torch"]),
        "seeded": [torch.from_numpy(arrays[name]) for name in seeded],
    }
    if "cuda" in arrays:
        state["cuda"] = torch.from_numpy(arrays["cuda"])
    return state

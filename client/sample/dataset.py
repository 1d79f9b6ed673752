"""Makes the sample's dataset: `python -m client.sample.dataset digits.npz`."""

import sys
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

TEST_ROWS: Final = 360
_BRIGHTEST: Final = 16.0
_SEED: Final = 7


def write_digits(path: Path) -> None:
    """Write scikit-learn's 1,797 handwritten digits, a fifth of them kept apart for testing.

    Shapes: x_train (1437, 8, 8, 1) and x_test (360, 8, 8, 1), float32 from 0 to 1; y_train and y_test int64,
        each digit in both parts as often as in the whole.
    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """
    pixels, digits = load_digits(return_X_y=True)
    images = (pixels / _BRIGHTEST).astype(np.float32).reshape(-1, 8, 8, 1)
    x_train, x_test, y_train, y_test = train_test_split(
        images, digits.astype(np.int64), test_size=TEST_ROWS, stratify=digits, random_state=_SEED
    )
    np.savez_compressed(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


if __name__ == "__main__":
    write_digits(Path(sys.argv[1]))

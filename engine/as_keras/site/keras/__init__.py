"""What a spawned process imports as `keras` before the engine has taken the name; it hands over at once."""

import sys

del sys.modules["keras"]
import engine.as_keras  # noqa: E402, F401

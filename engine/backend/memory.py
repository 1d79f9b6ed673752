"""Freed memory that the C library keeps for the next step, instead of giving it to the system and taking it anew.

A step frees all of its activations. Taken from the system again they are pages that it has to clear and map, one by
one, which costs more than most of the arithmetic on them. Nothing happens where the C library is not glibc.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from typing import Any

# Of malloc.h (mallopt(3)).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_NEVER = -1
_SMALL_THRESHOLD = 2**20
# The most that glibc takes: larger blocks are always mapped, and unmapped when they are freed.
_LARGEST_THRESHOLD = 32 * 2**20

_LIBRARY: Any = ctypes.CDLL(None) if sys.platform == "linux" else None


@functools.cache
def keep_heap_whole() -> None:
    """Let blocks of 1 MiB and more be mapped and unmapped until `keep_freed_memory`.

    What is taken in first runs, which come only once, would leave holes between what stays that nothing fits into.
    """
    if hasattr(_LIBRARY, "mallopt"):
        _LIBRARY.mallopt(_MMAP_THRESHOLD, _SMALL_THRESHOLD)


@functools.cache
def keep_freed_memory() -> None:
    """Let this process keep what it frees, for good."""
    if hasattr(_LIBRARY, "mallopt"):
        _LIBRARY.mallopt(_TRIM_THRESHOLD, _NEVER)
        _LIBRARY.mallopt(_MMAP_THRESHOLD, _LARGEST_THRESHOLD)


def release_freed_memory() -> None:
    """Give the system what was kept."""
    if keep_freed_memory.cache_info().currsize and hasattr(_LIBRARY, "malloc_trim"):
        _LIBRARY.malloc_trim(0)

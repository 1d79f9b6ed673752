"""What was read or encoded is kept for the next caller: what a cursor shows never changes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Cache(Generic[Item]):
    """The most recently used items, up to a size of all together.

    Args: max_size: in any unit; an item over a quarter of it is not kept.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._items: OrderedDict[Hashable, tuple[Item, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Item | None:
        """The item kept under a key."""
        with self._lock:
            kept = self._items.get(key)
            if kept is None:
                return None
            self._items.move_to_end(key)
            return kept[0]

    def keep(self, key: Hashable, item: Item, size: int) -> None:
        """Keep an item, and forget the longest unused ones for it."""
        if size > self._max_size // 4:
            return
        with self._lock:
            if key in self._items:
                self._size -= self._items.pop(key)[1]
            self._items[key] = item, size
            self._size += size
            while self._size > self._max_size:
                _, (_, forgotten) = self._items.popitem(last=False)
                self._size -= forgotten

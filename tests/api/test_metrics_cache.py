"""The cache of metrics that were read or encoded."""

from api.metrics.cache import Cache


def test_longest_unused_items_are_forgotten() -> None:
    cache: Cache[str] = Cache(max_size=100)
    for key in "abcd":
        cache.keep(key, key * 2, 25)
    assert cache.get("a") == "aa"
    cache.keep("e", "ee", 25)
    assert cache.get("b") is None
    assert cache.get("a") == "aa"


def test_replaced_item_counts_once() -> None:
    cache: Cache[str] = Cache(max_size=100)
    for _ in range(10):
        cache.keep("a", "aa", 20)
    cache.keep("b", "bb", 20)
    assert (cache.get("a"), cache.get("b")) == ("aa", "bb")


def test_huge_item_drives_nothing_out() -> None:
    cache: Cache[str] = Cache(max_size=100)
    cache.keep("a", "aa", 20)
    cache.keep("huge", "hh", 26)
    assert (cache.get("a"), cache.get("huge")) == ("aa", None)

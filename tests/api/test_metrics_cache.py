"""The cache of encoded metrics."""

from api.metrics.cache import AnswerCache


def test_longest_unused_answers_are_forgotten() -> None:
    cache = AnswerCache(max_bytes=100)
    for key in "abcd":
        cache.keep(key, key.encode() * 25)
    assert cache.get("a") == b"a" * 25
    cache.keep("e", b"e" * 25)
    assert cache.get("b") is None
    assert cache.get("a") == b"a" * 25


def test_replaced_answer_counts_once() -> None:
    cache = AnswerCache(max_bytes=100)
    for _ in range(10):
        cache.keep("a", b"a" * 20)
    cache.keep("b", b"b" * 20)
    assert (cache.get("a"), cache.get("b")) == (b"a" * 20, b"b" * 20)


def test_huge_answer_drives_nothing_out() -> None:
    cache = AnswerCache(max_bytes=100)
    cache.keep("a", b"a" * 20)
    cache.keep("huge", b"h" * 26)
    assert (cache.get("a"), cache.get("huge")) == (b"a" * 20, None)

"""Texts as sequences of numbers and as matrices."""

import json
import math
from typing import Any

import numpy as np
import pytest

from engine.preprocessing import text

TEXTS = ["The cat sat on the mat.", "The dog sat on the log; the end!"]


class TestWords:
    def test_punctuation_separates_and_case_is_lowered(self) -> None:
        assert text.text_to_word_sequence("One, two!Three\tfour\n") == ["one", "two", "three", "four"]

    def test_filters_may_be_a_list_and_the_separator_long(self) -> None:
        words = text.text_to_word_sequence("a--b.C", filters=["."], lower=False, split="--")
        assert words == ["a", "b", "C"]

    def test_other_alphabets(self) -> None:
        assert text.text_to_word_sequence("Ünïcode, 中文 字") == ["ünïcode", "中文", "字"]


class TestHashing:
    def test_equal_words_get_equal_numbers_from_1_to_n_less_1(self) -> None:
        numbers = text.one_hot("a b a c d e f g h", 5)
        assert numbers[0] == numbers[2]
        assert set(numbers) <= {1, 2, 3, 4}
        assert numbers == text.hashing_trick("A B A C D E F G H", 5)

    def test_md5_gives_keras_numbers_everywhere(self) -> None:
        numbers = text.hashing_trick("The cat sat on the mat", 1000, hash_function="md5")
        assert numbers == [132, 759, 622, 379, 132, 962]

    def test_a_function_of_ones_own(self) -> None:
        assert text.hashing_trick("a bb cccc", 4, hash_function=len) == [2, 3, 2]

    def test_an_unknown_function_is_refused(self) -> None:
        with pytest.raises(ValueError, match="Found: 'sha1'"):
            text.hashing_trick("a", 3, hash_function="sha1")

    def test_there_must_be_a_number_to_give(self) -> None:
        with pytest.raises(ValueError, match="`n` must be at least 2"):
            text.one_hot("a", 1)


class TestTokenizer:
    def test_counts_and_numbers(self) -> None:
        tokenizer = text.Tokenizer()
        tokenizer.fit_on_texts(iter(TEXTS))
        assert list(tokenizer.word_counts.items())[:3] == [("the", 5), ("cat", 1), ("sat", 2)]
        assert tokenizer.word_docs["the"] == 2
        assert tokenizer.document_count == 2
        assert tokenizer.word_index == {
            "the": 1, "sat": 2, "on": 3, "cat": 4, "mat": 5, "dog": 6, "log": 7, "end": 8,
        }  # fmt: skip
        assert tokenizer.index_docs[1] == 2
        assert tokenizer.index_docs[8] == 1

    def test_fitting_goes_on(self) -> None:
        tokenizer = text.Tokenizer()
        tokenizer.fit_on_texts(["a b"])
        tokenizer.fit_on_texts(["b c"])
        assert tokenizer.word_index == {"b": 1, "a": 2, "c": 3}
        assert tokenizer.document_count == 2

    def test_only_frequent_words_are_kept(self) -> None:
        tokenizer = text.Tokenizer(num_words=3)
        tokenizer.fit_on_texts(TEXTS)
        assert tokenizer.texts_to_sequences(["the cat sat", "unknown"]) == [[1, 2], []]

    def test_unknown_words_get_the_last_number(self) -> None:
        tokenizer = text.Tokenizer(num_words=3, oov_token="<?>")
        tokenizer.fit_on_texts(TEXTS)
        assert tokenizer.word_index["<?>"] == 9
        assert tokenizer.texts_to_sequences(["the bird sat on"]) == [[1, 9, 2]]

    def test_characters(self) -> None:
        tokenizer = text.Tokenizer(char_level=True)
        tokenizer.fit_on_texts(["abA", "b "])
        assert tokenizer.word_index == {"b": 1, "a": 2, "A": 3, " ": 4}
        assert tokenizer.texts_to_sequences(["aab?"]) == [[2, 2, 1]]

    def test_texts_may_be_lists_of_words(self) -> None:
        tokenizer = text.Tokenizer()
        tokenizer.fit_on_texts([["Ab", "c"], "ab"])
        assert tokenizer.word_index == {"Ab": 1, "c": 2, "ab": 3}
        assert list(tokenizer.texts_to_sequences_generator([["c", "Ab"]])) == [[2, 1]]

    @pytest.mark.parametrize(
        ("mode", "row"),
        [
            ("binary", [0, 1, 1, 0]),
            ("count", [0, 2, 1, 0]),
            ("freq", [0, 0.5, 0.25, 0]),
            ("tfidf", [0, (1 + math.log(2)) * math.log(1 + 2 / 3), math.log(1 + 2 / 2), 0]),
        ],
    )
    def test_matrices(self, mode: str, row: list[float]) -> None:
        tokenizer = text.Tokenizer(num_words=4)
        tokenizer.fit_on_sequences([[1, 1, 2], [1, 3]])
        np.testing.assert_allclose(tokenizer.sequences_to_matrix([[1, 2, 1, 9], []], mode), [row, [0] * 4])

    def test_a_matrix_of_texts_has_a_column_for_0(self) -> None:
        tokenizer = text.Tokenizer()
        tokenizer.fit_on_texts(["a b", "a"])
        np.testing.assert_array_equal(tokenizer.texts_to_matrix(["b b a x"], mode="count"), [[0, 1, 2]])

    @pytest.mark.parametrize(
        ("arguments", "mode", "message"),
        [
            ({}, "binary", "set `num_words`, or call `fit_on_texts`"),
            ({"num_words": 3}, "tfidf", "`tfidf` needs counts"),
            ({"num_words": 3}, "weight", "Unknown `mode`: 'weight'. Use one of binary, count, freq, tfidf"),
        ],
    )
    def test_refused_matrices(self, arguments: dict[str, Any], mode: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            text.Tokenizer(**arguments).sequences_to_matrix([[1]], mode)

    def test_the_name_of_keras_1(self) -> None:
        with pytest.warns(UserWarning, match="`nb_words` is called `num_words`"):
            assert text.Tokenizer(nb_words=7).num_words == 7
        with pytest.raises(TypeError, match="unknown arguments: words"):
            text.Tokenizer(words=7)


class TestJson:
    def test_round_trip(self) -> None:
        tokenizer = text.Tokenizer(num_words=5, oov_token="<?>", filters=".;!", lower=False)
        tokenizer.fit_on_texts(TEXTS)
        read = text.tokenizer_from_json(tokenizer.to_json(indent=1))
        assert vars(read) == vars(tokenizer)
        assert list(read.word_counts) == list(tokenizer.word_counts)
        np.testing.assert_array_equal(
            read.texts_to_matrix(TEXTS, "tfidf"), tokenizer.texts_to_matrix(TEXTS, "tfidf")
        )

    def test_reads_and_writes_what_later_keras_does(self) -> None:
        tokenizer = text.Tokenizer(num_words=5)
        tokenizer.fit_on_texts(["a b a, c", "d e a b"])
        own = json.loads(tokenizer.to_json())
        recorded = json.loads(RECORDED)
        tables = {name for name, value in recorded["config"].items() if str(value).startswith("{")}
        assert own["class_name"] == recorded["class_name"]
        assert own["config"].keys() == recorded["config"].keys()
        for name, value in recorded["config"].items():
            if name in tables:
                assert json.loads(own["config"][name]) == json.loads(value)
            else:
                assert own["config"][name] == value
        assert vars(text.tokenizer_from_json(RECORDED)) == vars(tokenizer)

    @pytest.mark.parametrize(
        "broken", ["[1]", "nothing", '{"config": {}}', '{"config": {"word_counts": "{"}}']
    )
    def test_other_text_is_refused(self, broken: str) -> None:
        with pytest.raises(ValueError, match=r"This isn't what `Tokenizer\.to_json` writes"):
            text.tokenizer_from_json(broken)


# Written by tf_keras.
RECORDED = r"""
{"class_name": "Tokenizer", "config": {"num_words": 5, "filters": "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n",
"lower": true, "split": " ", "char_level": false, "oov_token": null, "document_count": 2,
"word_counts": "{\"a\": 3, \"b\": 2, \"c\": 1, \"d\": 1, \"e\": 1}",
"word_docs": "{\"b\": 2, \"c\": 1, \"a\": 2, \"d\": 1, \"e\": 1}",
"index_docs": "{\"2\": 2, \"3\": 1, \"1\": 2, \"4\": 1, \"5\": 1}",
"index_word": "{\"1\": \"a\", \"2\": \"b\", \"3\": \"c\", \"4\": \"d\", \"5\": \"e\"}",
"word_index": "{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4, \"e\": 5}"}}
"""

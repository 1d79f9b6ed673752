"""Sequences made equally long, skip-grams and windows of time series."""

import random
from typing import Any

import numpy as np
import pytest

from engine.preprocessing import sequence


class TestPadSequences:
    def test_pads_before_and_keeps_the_end(self) -> None:
        padded = sequence.pad_sequences([[1], [1, 2, 3, 4]], maxlen=3)
        np.testing.assert_array_equal(padded, [[0, 0, 1], [2, 3, 4]])
        assert padded.dtype == np.int32

    def test_pads_after_and_keeps_the_beginning(self) -> None:
        padded = sequence.pad_sequences([[1], [1, 2, 3, 4]], 3, "float32", "post", "post", -1.5)
        np.testing.assert_array_equal(padded, np.float32([[1, -1.5, -1.5], [1, 2, 3]]))
        assert padded.dtype == np.float32

    def test_steps_may_be_vectors_and_sequences_empty(self) -> None:
        padded = sequence.pad_sequences([[], np.ones((2, 3)), [[2, 2, 2]]], padding="post")
        np.testing.assert_array_equal(
            padded,
            [[[0, 0, 0], [0, 0, 0]], [[1, 1, 1], [1, 1, 1]], [[2, 2, 2], [0, 0, 0]]],
        )

    def test_words_can_be_padded(self) -> None:
        padded = sequence.pad_sequences([["a"], ["b", "c"]], dtype=object, value="pad")
        assert padded.tolist() == [["pad", "a"], ["b", "c"]]

    @pytest.mark.parametrize("side", ["pre", "post"])
    def test_length_0_leaves_nothing(self, side: str) -> None:
        assert sequence.pad_sequences([[1, 2], [3]], maxlen=0, truncating=side).shape == (2, 0)

    def test_no_sequences(self) -> None:
        assert sequence.pad_sequences([]).shape == (0, 0)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"sequences": 3}, "must be a list of sequences. Found: 3"),
            ({"sequences": [[1], 2]}, "Found at index 1: 2"),
            ({"sequences": [[[1, 2]], [[1]]]}, r"first ones have \(2,\).* index 1 have \(1,\)"),
            ({"sequences": [[1]], "padding": "left"}, "`padding` must be .* Found: 'left'"),
            ({"sequences": [[1]], "truncating": "end"}, "`truncating` must be .* Found: 'end'"),
        ],
    )
    def test_refusals(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            sequence.pad_sequences(**arguments)


class TestSkipgrams:
    def test_couples_lie_within_the_window(self) -> None:
        couples, labels = sequence.skipgrams(
            [5, 6, 0, 7], 9, window_size=2, negative_samples=0, shuffle=False
        )
        assert couples == [[5, 6], [6, 5], [6, 7], [7, 6]]
        assert labels == [1, 1, 1, 1]

    def test_negative_couples_have_words_of_the_vocabulary(self) -> None:
        couples, labels = sequence.skipgrams([1, 2, 3], 4, window_size=1, negative_samples=2.5, shuffle=False)
        assert labels == [1] * 4 + [0] * 10
        assert {word for word, _ in couples[4:]} == {1, 2, 3}
        assert all(1 <= other <= 3 for _, other in couples[4:])

    def test_labels_are_shuffled_as_couples_are(self) -> None:
        couples, labels = sequence.skipgrams(list(range(1, 9)), 100, window_size=1, categorical=True, seed=3)
        true = {(a, b) for a in range(1, 9) for b in (a - 1, a + 1) if 1 <= b <= 8}
        assert {tuple(couple) for couple, label in zip(couples, labels) if label == [0, 1]} == true
        assert labels.count([1, 0]) == len(true)
        assert labels != sorted(labels)

    def test_a_seed_gives_the_order_of_keras(self) -> None:
        # Recorded with the same seed; the negative couples are drawn before it is set.
        labels = sequence.skipgrams([1, 2, 3, 4], 6, window_size=1, negative_samples=1.0, seed=3)[1]
        assert labels == [1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1]

    def test_draws_are_those_of_keras(self) -> None:
        # Recorded from tf_keras, which draws in the same order.
        random.seed(4)
        table = sequence.make_sampling_table(9, 0.05)
        couples, labels = sequence.skipgrams(
            [1, 2, 0, 3, 4], 9, window_size=2, negative_samples=0.7, sampling_table=table
        )
        assert couples == [[3, 4], [3, 1], [3, 2], [2, 6], [2, 1], [2, 3], [4, 3], [3, 4]]
        assert labels == [1, 0, 1, 0, 1, 1, 1, 0]

    def test_a_word_that_is_never_kept_is_no_couples_first(self) -> None:
        table = np.array([1.0, 0.0, 1.0, 1.0])
        couples, _ = sequence.skipgrams([1, 2, 3], 4, 1, negative_samples=0, sampling_table=table)
        assert sorted(couples) == [[2, 1], [2, 3], [3, 2]]

    def test_an_empty_sequence_has_no_couples(self) -> None:
        assert sequence.skipgrams([], 9) == ([], [])


def test_sampling_table_rises_with_the_rank_and_ends_at_1() -> None:
    table = sequence.make_sampling_table(1000, sampling_factor=1e-2)
    assert table.shape == (1000,)
    assert table[0] == table[1]
    assert np.all(np.diff(table) >= 0)
    assert table[-1] == 1
    # The word of rank 10 by hand: 10 * (log(10) + 0.577) + 0.5 - 1 / 120 = 29.2875.
    assert table[10] == pytest.approx(np.sqrt(0.292875), rel=1e-4)


def test_long_sequences_are_removed_with_their_labels() -> None:
    assert sequence._remove_long_seq(3, [[1], [1, 2, 3], [1, 2]], ["a", "b", "c"]) == (
        [[1], [1, 2]],
        ["a", "c"],
    )


class TestTimeseriesGenerator:
    data = np.arange(50).reshape(50, 1)

    def test_windows_and_the_targets_after_them(self) -> None:
        generator = sequence.TimeseriesGenerator(
            self.data, self.data * 10, length=10, sampling_rate=2, batch_size=2
        )
        assert len(generator) == 20
        samples, targets = generator[0]
        np.testing.assert_array_equal(samples[..., 0], [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]])
        np.testing.assert_array_equal(targets, [[100], [110]])

    def test_every_window_comes_once(self) -> None:
        generator = sequence.TimeseriesGenerator(
            self.data, self.data, 3, stride=2, start_index=5, end_index=40, batch_size=4
        )
        targets = np.concatenate([generator[index][1] for index in range(len(generator))])
        np.testing.assert_array_equal(targets[:, 0], np.arange(8, 41, 2))

    def test_the_sampling_rate_need_not_divide_the_length(self) -> None:
        generator = sequence.TimeseriesGenerator(
            self.data, self.data, 10, sampling_rate=3, reverse=True, batch_size=1
        )
        samples, targets = generator[1]
        np.testing.assert_array_equal(samples[0, :, 0], [10, 7, 4, 1])
        np.testing.assert_array_equal(targets, [[11]])

    def test_lists_will_do(self) -> None:
        samples, targets = sequence.TimeseriesGenerator(list(range(5)), list("abcde"), 2, batch_size=2)[1]
        np.testing.assert_array_equal(samples, [[2, 3]])
        np.testing.assert_array_equal(targets, ["e"])

    def test_shuffled_windows_are_drawn_within_bounds(self) -> None:
        generator = sequence.TimeseriesGenerator(
            self.data, self.data, 3, shuffle=True, start_index=4, end_index=20, batch_size=200
        )
        samples, targets = generator[0]
        assert samples.shape == (200, 3, 1)
        assert set(targets.ravel()) == set(range(7, 21))
        np.testing.assert_array_equal(samples[:, -1] + 1, targets)

    def test_refusals(self) -> None:
        with pytest.raises(ValueError, match="Found: 50 and 2 steps"):
            sequence.TimeseriesGenerator(self.data, [1, 2], 3)
        with pytest.raises(ValueError, match=r"`start_index` \+ `length` is 60, after the last .* 49"):
            sequence.TimeseriesGenerator(self.data, self.data, 60)

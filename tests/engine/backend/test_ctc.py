"""Connectionist temporal classification against every alignment there is."""

import itertools

import numpy as np
import pytest

from engine import backend as K

rng = np.random.RandomState(8)
STEPS, CLASSES = 5, 4
PROBABILITIES = rng.dirichlet(np.ones(CLASSES), (3, STEPS)).astype("float32")
LENGTHS = np.array([5, 4, 5])


def collapse(alignment: tuple[int, ...]) -> tuple[int, ...]:
    merged = [label for label, _ in itertools.groupby(alignment)]
    return tuple(label for label in merged if label != CLASSES - 1)


def score_labels(sample: np.ndarray) -> dict[tuple[int, ...], float]:
    """Sum the probabilities of all alignments by the labels they stand for."""
    scores: dict[tuple[int, ...], float] = {}
    for alignment in itertools.product(range(CLASSES), repeat=len(sample)):
        probability = float(np.prod([sample[step, label] for step, label in enumerate(alignment)]))
        scores[collapse(alignment)] = scores.get(collapse(alignment), 0.0) + probability
    return scores


def test_cost_is_the_negative_log_probability_of_the_labels() -> None:
    labels, counts = np.array([[1, 0, 2], [2, 2, 0], [0, 0, 0]]), np.array([[3], [2], [1]])
    y, t = K.placeholder((None, STEPS, CLASSES)), K.placeholder((None, 3), dtype="int32")
    cost = K.ctc_batch_cost(t, y, K.constant(LENGTHS[:, None], "int32"), K.constant(counts, "int32"))
    assert K.int_shape(cost) == (None, 1)
    values = K.function([y, t], [cost])([PROBABILITIES, labels])[0]
    for number in range(3):
        wanted = tuple(labels[number, : counts[number, 0]])
        expected = -np.log(score_labels(PROBABILITIES[number, : LENGTHS[number]])[wanted])
        np.testing.assert_allclose(values[number, 0], expected, rtol=1e-4)


def test_beam_search_finds_the_likeliest_labels() -> None:
    y = K.placeholder((None, STEPS, CLASSES))
    paths, scores = K.ctc_decode(y, K.constant(LENGTHS, "int32"), greedy=False, beam_width=400, top_paths=2)
    assert K.int_shape(paths[0]) == (None, None)
    first, second, given = K.function([y], [*paths, scores])([PROBABILITIES])
    for number in range(3):
        sample = PROBABILITIES[number, : LENGTHS[number]]
        ranked = sorted(score_labels(sample).items(), key=lambda pair: -pair[1])
        for rank, found in enumerate((first, second)):
            merged = [label for label, _ in itertools.groupby(ranked[rank][0])]
            assert [label for label in found[number] if label >= 0] == merged
            relative = np.log(ranked[rank][1]) - np.log(sample.max(1)).sum()
            np.testing.assert_allclose(given[number, rank], relative, atol=1e-5)


def test_beam_search_gives_tensorflows_scores() -> None:
    steps = [
        [0.30999, 0.309938, 0.0679938, 0.0673362, 0.0708352, 0.173908],
        [0.215136, 0.439699, 0.0370931, 0.0393967, 0.0381581, 0.230517],
        [0.199959, 0.489485, 0.0233221, 0.0251417, 0.0233289, 0.238763],
        [0.279611, 0.452966, 0.0204795, 0.0209126, 0.0194803, 0.20655],
        [0.51286, 0.288951, 0.0243026, 0.0220788, 0.0219297, 0.129878],
    ]
    paths, scores = K.ctc_decode(np.array([steps]), np.array([5]), False, beam_width=2, top_paths=2)
    assert [K.eval(path).tolist() for path in paths] == [[[1, 0]], [[0, 1, 0]]]
    np.testing.assert_allclose(K.eval(scores), [[0.584855, 0.389139]], atol=1e-5)


def test_greedy_search_takes_each_steps_best() -> None:
    decoded, scores = K.ctc_decode(K.constant(PROBABILITIES), K.constant(LENGTHS, "int32"))
    best = [collapse(tuple(sample[:n].argmax(1))) for sample, n in zip(PROBABILITIES, LENGTHS, strict=True)]
    assert [tuple(label for label in row if label >= 0) for row in K.eval(decoded[0])] == best
    expected = [-np.log(sample[:n].max(1)).sum() for sample, n in zip(PROBABILITIES, LENGTHS, strict=True)]
    np.testing.assert_allclose(K.eval(scores)[:, 0], expected, rtol=1e-5)


def test_more_paths_than_beams_are_refused() -> None:
    with pytest.raises(ValueError, match="beam_width"):
        K.ctc_decode(PROBABILITIES, LENGTHS, greedy=False, beam_width=1, top_paths=2)


def test_labels_become_sparse() -> None:
    labels = K.placeholder((None, 3), dtype="int32")
    sparse = K.ctc_label_dense_to_sparse(labels, K.constant([2, 1], "int32"))
    assert K.is_sparse(sparse)
    assert not K.is_sparse(K.to_dense(sparse))
    value = K.function([labels], [K.to_dense(sparse)])([np.array([[4, 5, 6], [7, 8, 9]])])[0]
    assert value.tolist() == [[4, 5, 0], [7, 0, 0]]

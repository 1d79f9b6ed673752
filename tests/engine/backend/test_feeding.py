"""Arrays and sparse matrices cut into batches."""

import numpy as np
import pytest
import scipy.sparse

from engine import Input, Model
from engine import backend as K
from engine.backend.feeding import Column, iterate_batches
from engine.layers import Dense, concatenate

DENSE = np.random.RandomState(2).rand(7, 5) * (np.random.RandomState(3).rand(7, 5) > 0.5)


def to_dense(tensor: object) -> np.ndarray:
    return tensor.to_dense().numpy() if tensor.is_sparse else tensor.numpy()  # type: ignore[attr-defined]


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_matrix, scipy.sparse.coo_matrix])
@pytest.mark.parametrize("order", [None, np.array([6, 0, 3, 3, 1, 2, 5])], ids=["in order", "shuffled"])
def test_batches_hold_the_rows_asked_for(make: type, order: np.ndarray | None) -> None:
    column = Column(make(DENSE), "float32")
    batches = list(iterate_batches([column, None], 7, 3, order))
    assert [count for count, _ in batches] == [3, 3, 1]
    found = np.concatenate([to_dense(tensors[0]) for _, tensors in batches])
    np.testing.assert_allclose(found, DENSE if order is None else DENSE[order], rtol=1e-6)


def test_a_model_of_sparse_inputs_trains_as_one_of_dense_inputs() -> None:
    targets = np.random.RandomState(4).rand(7, 2)
    results = []
    weights = None
    for sparse in (True, False):
        inputs = [Input((5,), sparse=sparse), Input((5,), sparse=sparse)]
        joined = concatenate(inputs)
        assert K.is_sparse(joined) is sparse
        model = Model(inputs, Dense(2)(joined))
        weights = weights or model.get_weights()
        model.set_weights(weights)
        model.compile("sgd", "mse")
        x = scipy.sparse.csr_matrix(DENSE) if sparse else DENSE
        np.random.seed(0)
        history = model.fit([x, x], targets, batch_size=3, epochs=2, verbose=0).history["loss"]
        results.append([history, model.predict([x, x]), model.evaluate([x, x], targets, verbose=0)])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)

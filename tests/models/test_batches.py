"""How data becomes batches."""

import itertools

import numpy as np
import pytest

import fastconv as fc
from fastconv.models import batches
from fastconv.models.batches import Naming
from fastconv.utils import PyDataset


def arrays(n=10, **arguments):
    x = np.arange(n, dtype="float32")[:, None]
    return batches.data_for(x, x[:, 0], None, Naming(), "fit", 4, **arguments)


def rows(data, epoch, steps=None):
    return [batch.x[0].ravel().tolist() for batch in data.epoch_batches(epoch, steps)]


def test_in_order_with_a_short_last_batch():
    assert rows(arrays(), 0) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_shuffled_anew_each_epoch_by_seed_and_epoch_alone():
    data = arrays(shuffle=True, seed=3)
    first, second = rows(data, 0), rows(data, 1)
    assert sorted(itertools.chain(*first)) == sorted(itertools.chain(*second)) == list(range(10))
    assert first != second
    assert rows(arrays(shuffle=True, seed=3), 1) == second
    assert rows(arrays(shuffle=True, seed=4), 1) != second


def test_labels_stay_with_their_samples():
    for batch in arrays(shuffle=True).epoch_batches(0):
        assert (batch.x[0][:, 0] == batch.y[0]).all()


def test_steps_cut_the_endless_row_of_passes():
    data = arrays(shuffle=True, seed=3)
    passes = rows(data, 0) + rows(data, 1) + rows(data, 2)
    assert rows(data, 0, 2) + rows(data, 1, 2) + rows(data, 2, 2) == passes[:6]


@pytest.mark.parametrize(
    ("given", "names", "count"),
    [
        ([[1.0, 2.0], [3.0, 4.0]], (), 1),
        ([np.ones((2, 3)), np.ones((2, 3))], (), 2),
        ([np.ones(3), np.ones(3)], ("only",), 1),
        ([np.ones((2, 3))], ("only",), 1),
        ({"b": np.ones(2), "a": np.zeros(2)}, ("a", "b"), 2),
    ],
    ids=["rows of one array", "two inputs", "samples of one input", "one input in a list", "by name"],
)
def test_one_array_or_several(given, names, count):
    found = batches.ordered(given, names, "x")
    assert len(found) == count
    if isinstance(given, dict):
        assert (found[0] == 0).all()


def test_numbered_batches_of_a_class_of_one_s_own():
    class Rows(PyDataset):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.epochs = 0

        def __len__(self):
            return 3

        def __getitem__(self, number):
            return np.full((2, 1), number, "float32"), np.zeros((2, 1), "float32")

        def on_epoch_end(self):
            self.epochs += 1

    rows = Rows(workers=2)
    model = fc.Sequential([fc.layers.Dense(1, input_shape=(1,))])
    model.compile("sgd", "mse")
    model.fit(rows, epochs=2, verbose=0)
    assert rows.epochs == 2 and rows.num_batches == 3 and fc.utils.Sequence is PyDataset
    assert model.predict(rows).shape == (6, 1)
    with pytest.raises(
        NotImplementedError, match=r"PyDataset has no __len__\(\); return the number of batches"
    ):
        len(PyDataset())

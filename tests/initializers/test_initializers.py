"""Initialisers: bounds, moments, Keras's formulas, and that the seed alone decides."""

import math

import numpy as np
import pytest

from fastconv import initializers
from fastconv.runtime import keys
from fastconv.runtime.errors import ArgumentError

COUNT = 200_000
SHAPE = (5, 5, 80, 100)  # COUNT numbers; 2,000 inputs, 2,500 outputs
SCALED = ["GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal"]
# Five standard errors of a mean and of a variance (that of a normal is the largest here, 2 / n).
MEAN_BOUND = 5 / math.sqrt(COUNT)
VARIANCE_BOUND = 5 * math.sqrt(2 / COUNT)


@pytest.fixture(autouse=True)
def _seeded():
    keys.set_seed(20)


def check_moments(values, deviation):
    assert abs(values.mean()) < MEAN_BOUND * deviation
    assert abs(values.var() / deviation**2 - 1) < VARIANCE_BOUND


@pytest.mark.parametrize("name", SCALED)
class TestScaled:
    def deviation(self, name):
        n = {"Glorot": 2250, "He": 1000, "Lecun": 2000}[name.replace("Uniform", "").replace("Normal", "")]
        return math.sqrt(1 / n)

    def test_moments_and_bounds(self, name):
        values = getattr(initializers, name)()(SHAPE)
        deviation = self.deviation(name)
        assert values.dtype == np.float32
        check_moments(values.astype(np.float64), deviation)
        limit = math.sqrt(3) * deviation if "Uniform" in name else 2 * deviation / 0.87962566103423978
        assert 0.999 * limit < np.abs(values).max() <= limit * (1 + 2**-22)

    def test_against_keras(self, name, peer):
        theirs = np.asarray(getattr(peer("keras").initializers, name)(seed=1)(SHAPE))
        ours = getattr(initializers, name)()(SHAPE)
        assert abs(ours.var(dtype=np.float64) / theirs.var(dtype=np.float64) - 1) < 2 * VARIANCE_BOUND
        assert abs(np.abs(ours).max() / np.abs(theirs).max() - 1) < 1e-3  # both nearly touch the limit


class TestPlain:
    def test_uniform(self):
        values = initializers.RandomUniform(-1.0, 3.0)(SHAPE)
        assert values.min() >= -1 and values.max() <= 3
        check_moments(values.astype(np.float64) - 1.0, 4 / math.sqrt(12))

    def test_normal(self):
        check_moments(initializers.RandomNormal(0.0, 0.2)(SHAPE).astype(np.float64), 0.2)
        check_moments(initializers.RandomNormal(3.0, 0.2)(SHAPE).astype(np.float64) - 3.0, 0.2)

    def test_normal_has_the_shape_of_a_bell(self):
        values = np.sort(initializers.RandomNormal(0.0, 1.0)((COUNT,)))
        for at in (-2.5, -1.0, 0.0, 0.7, 2.0):
            expected = 0.5 * (1 + math.erf(at / math.sqrt(2)))
            assert abs(np.searchsorted(values, at) / COUNT - expected) < 5 * 0.5 / math.sqrt(COUNT)

    def test_truncated_normal(self):
        values = initializers.TruncatedNormal(0.0, 0.5)(SHAPE).astype(np.float64)
        assert 0.99 < np.abs(values).max() <= 1.0
        check_moments(values, 0.5 * 0.87962566103423978)

    def test_constants(self):
        assert (initializers.Zeros()((2, 3)) == 0).all()
        assert (initializers.Ones()((2, 3), "int64") == 1).all()
        assert initializers.Constant([1.0, 2.0])((2, 2)).tolist() == [[1, 2], [1, 2]]

    @pytest.mark.parametrize("distribution", ["truncated_normal", "untruncated_normal", "uniform"])
    def test_variance_scaling(self, distribution):
        values = initializers.VarianceScaling(3.0, "fan_out", distribution)(SHAPE)
        check_moments(values.astype(np.float64), math.sqrt(3 / 2500))

    @pytest.mark.parametrize(
        ("shape", "expected"), [((), (1, 1)), ((7,), (7, 7)), ((3, 4), (3, 4)), ((3, 3, 16, 32), (144, 288))]
    )
    def test_fans(self, shape, expected):
        assert initializers.random.fans(shape) == expected

    def test_small_shapes(self):
        for shape in [(), (1,), (3, 1), (0, 4)]:
            assert initializers.RandomNormal()(shape).shape == shape
            assert initializers.GlorotUniform()(shape).shape == shape


class TestSeeds:
    def test_the_order_of_creation_decides(self):
        make = initializers.GlorotUniform()
        first, second = make((4, 4)), make((4, 4))
        assert (first != second).any()
        keys.set_seed(20)
        assert (make((4, 4)) == first).all()
        assert (initializers.GlorotUniform()((4, 4)) == second).all()
        keys.set_seed(21)
        assert (make((4, 4)) != first).any()

    def test_a_seed_of_its_own(self):
        make = initializers.HeNormal(seed=3)
        first = make((4, 4))
        assert (make((4, 4)) == first).all()
        before = initializers.RandomUniform()((2,))
        keys.set_seed(20)
        assert (initializers.RandomUniform()((2,)) == before).all()  # it took no place in the order

    def test_bits_are_for_ever(self):
        """What a seed made once it makes always: these were written down when it was first run."""
        uniform = initializers.RandomUniform(0.0, 1.0, seed=1)((4,))
        assert [v.hex() for v in uniform.tolist()] == KNOWN


KNOWN = ["0x1.bbc4dc0000000p-1", "0x1.7666f00000000p-4", "0x1.f83eb60000000p-1", "0x1.0759000000000p-1"]


class TestGet:
    def test_spellings(self):
        for name in ("he_normal", "HeNormal", initializers.HeNormal, initializers.he_normal):
            assert isinstance(initializers.get(name), initializers.HeNormal)
        assert initializers.get(None) is None
        assert isinstance(initializers.get("uniform"), initializers.RandomUniform)

    @pytest.mark.parametrize(
        "name", [*SCALED, "RandomUniform", "TruncatedNormal", "VarianceScaling", "Constant"]
    )
    def test_configuration(self, name, peer):
        made = getattr(initializers, name)()
        again = initializers.get(initializers.serialize(made))
        assert type(again) is type(made)
        assert again.get_config() == made.get_config()
        theirs = getattr(peer("keras").initializers, name)()
        assert type(made).from_config(theirs.get_config()).get_config() == made.get_config()

    def test_misspelt(self):
        with pytest.raises(ArgumentError) as caught:
            initializers.get("glorot_unifrom")
        assert str(caught.value) == "initializer 'glorot_unifrom': unknown; did you mean 'glorot_uniform'?"
        with pytest.raises(ArgumentError) as caught:
            initializers.VarianceScaling(mode="fan")
        assert str(caught.value) == (
            "VarianceScaling: expected mode to be one of 'fan_in', 'fan_out', 'fan_avg'; came 'fan'."
        )
        with pytest.raises(ArgumentError) as caught:
            initializers.VarianceScaling(scale=0)
        assert str(caught.value) == "VarianceScaling: expected a scale above 0; came 0. The default is 1."

    def test_a_function(self):
        def eye(shape, dtype):
            return np.eye(*shape, dtype=dtype)

        assert initializers.get(eye) is eye

"""rescale's cases."""

from fastconv.primitives import Rescale
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests


def pixels(random, shape):
    return random.integers(0, 256, shape)


CASES = [
    Case("one element", Rescale(scale=2.0), (1,)),
    Case("no elements", Rescale(scale=2.0), (0, 3)),
    Case("no multiple of a vector", Rescale(scale=-1.5, offset=0.25), (3, 5, 7, 17)),
    Case("several blocks and a tail", Rescale(scale=0.5, offset=1.0), (3, 11000)),
    Case("NaN passed on", Rescale(scale=0.0), Input((2, 9, 9, 3), fill="nan"), differentiable=False),
    Case(
        "pixels to [-1, 1]",
        Rescale(scale=1 / 127.5, offset=-1.0),
        Input((2, 5, 9, 3), fill=pixels, dtype="uint8"),
    ),
    Case(
        "pixels, several blocks", Rescale(scale=1 / 255), Input((2, 150, 150, 3), fill=pixels, dtype="uint8")
    ),
    Case("int32", Rescale(scale=0.1, offset=3.0), Input((5, 19), fill=pixels, dtype="int32")),
    Case("int64", Rescale(scale=0.1, offset=3.0), Input((5, 19), fill=pixels, dtype="int64")),
]


class TestRescale(PrimitiveTests):
    cases = CASES

    def with_torch(torch, primitive, x):
        return x.double() * primitive.scale + primitive.offset

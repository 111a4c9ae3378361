"""sigmoid_cross_entropy's cases."""

import numpy as np

from fastconv.primitives import SigmoidCrossEntropy
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests

CASES = [
    Case("one element", SigmoidCrossEntropy(), Input((1,), fill=lambda random, shape: random.uniform(-40, 40, shape)), Input((1,), fill="uniform")),
    Case("no elements", SigmoidCrossEntropy(), Input((0, 3), fill=lambda random, shape: random.uniform(-40, 40, shape)), Input((0, 3), fill="uniform")),
    Case("no multiple of a vector", SigmoidCrossEntropy(), Input((3, 5, 7, 17), fill=lambda random, shape: random.uniform(-40, 40, shape)), Input((3, 5, 7, 17), fill="uniform")),
    Case("several blocks and a tail", SigmoidCrossEntropy(), Input((3, 11000), fill=lambda random, shape: random.uniform(-40, 40, shape)), Input((3, 11000), fill="uniform")),
    Case("hard labels", SigmoidCrossEntropy(), (16, 1), Input((16, 1), fill=lambda random, shape: random.integers(0, 2, shape))),
    Case("far on the right side: a small loss keeps its digits", SigmoidCrossEntropy(), Input((5, 7), fill=20.0), Input((5, 7), fill=1.0)),
    Case("far on the wrong side: no overflow", SigmoidCrossEntropy(), Input((5, 7), fill=1e30), Input((5, 7), fill=0.0), differentiable=False),
    Case("NaN passed on", SigmoidCrossEntropy(), Input((2, 33), fill="nan"), Input((2, 33), fill="uniform"), differentiable=False),
    Case("infinite logits", SigmoidCrossEntropy(), Input((4, 8), fill=-np.inf), Input((4, 8), fill=0.5), differentiable=False),
]  # fmt: skip


class TestSigmoidCrossEntropy(PrimitiveTests):
    cases = CASES
    batched = (0, 1)

    def with_torch(torch, primitive, x, t):
        if x.isinf().any():  # PyTorch multiplies 0 by infinity
            return None
        return torch.nn.functional.binary_cross_entropy_with_logits(x, t, reduction="none")

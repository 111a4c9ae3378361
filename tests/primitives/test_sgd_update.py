"""sgd_update's cases."""

import numpy as np

from fastconv.primitives import SgdUpdate
from fastconv.testing.cases import evaluate
from fastconv.testing.updates import UpdateTests, update

FILTER = (3, 3, 5, 7)
NESTEROV = SgdUpdate(momentum=0.9, nesterov=True, weight_decay=0.1)

CASES = [
    update("without momentum", SgdUpdate(), FILTER),
    update("weight decay", SgdUpdate(weight_decay=0.1), FILTER),
    update("several blocks and a tail, without momentum", SgdUpdate(), (33001,)),
    update("momentum", SgdUpdate(momentum=0.9), FILTER, ["normal"]),
    update("momentum, weight decay", SgdUpdate(momentum=0.9, weight_decay=0.1), FILTER, ["normal"]),
    update("nesterov, weight decay", NESTEROV, FILTER, ["normal"]),
    update("one element", NESTEROV, (1,), ["normal"]),
    update("no elements", NESTEROV, (0,), ["normal"]),
    update("several blocks and a tail", NESTEROV, (33001,), ["normal"]),
    update("NaN passed on", NESTEROV, (2, 33), ["normal"], gradient="nan"),
]


class TestSgdUpdate(UpdateTests):
    cases = CASES
    as_in_keras = [
        (SgdUpdate(), "SGD", {}),
        (SgdUpdate(momentum=0.9), "SGD", {"momentum": 0.9}),
        (NESTEROV, "SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ]

    def test_as_pytorch(self, peer):
        """Keras's velocity is -lr times PyTorch's: the same steps while the rate stays."""
        torch = peer("torch")
        values = np.random.default_rng(0).standard_normal((6, 50))
        weights = torch.nn.Parameter(torch.from_numpy(values[0].copy()))
        optimizer = torch.optim.SGD([weights], lr=0.01, momentum=0.9, nesterov=True)
        p, states = values[0], [np.zeros(50)]
        for step in range(1, 6):
            weights.grad = torch.from_numpy(values[step].copy())
            optimizer.step()
            p, *states = evaluate(SgdUpdate(momentum=0.9, nesterov=True), p, values[step], *states, 0.01)
        np.testing.assert_allclose(p, weights.detach().numpy(), rtol=1e-10)

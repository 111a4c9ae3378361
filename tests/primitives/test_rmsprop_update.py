"""rmsprop_update's cases."""

import numpy as np

from fastconv.primitives import RmspropUpdate
from fastconv.testing.cases import evaluate
from fastconv.testing.updates import UpdateTests, update

FILTER = (3, 3, 5, 7)
ALL = RmspropUpdate(rho=0.8, momentum=0.9, centered=True, weight_decay=0.1)


def above_one(random, shape):
    """A mean square well above the squared mean, as it always is."""
    return random.uniform(1, 2, shape)


CASES = [
    update("plain", RmspropUpdate(), FILTER, ["uniform"]),
    update("first step: no mean square yet", RmspropUpdate(), FILTER, [0.0]),
    update("no gradient", RmspropUpdate(), FILTER, [0.0], gradient=0.0),
    update("weight decay", RmspropUpdate(weight_decay=0.1), FILTER, ["uniform"]),
    update("momentum", RmspropUpdate(momentum=0.9), FILTER, ["uniform", "normal"]),
    update("centered", RmspropUpdate(centered=True), FILTER, [above_one, "uniform"]),
    update("momentum, centered, weight decay", ALL, FILTER, [above_one, "normal", "uniform"]),
    update("one element", ALL, (1,), [above_one, "normal", "uniform"]),
    update("no elements", ALL, (0,), [above_one, "normal", "uniform"]),
    update("several blocks and a tail", ALL, (33001,), [above_one, "normal", "uniform"]),
    update("NaN passed on", ALL, (2, 33), [above_one, "normal", "uniform"], gradient="nan"),
]


class TestRmspropUpdate(UpdateTests):
    cases = CASES
    as_in_keras = [
        (RmspropUpdate(), "RMSprop", {}),
        (RmspropUpdate(centered=True), "RMSprop", {"centered": True}),
        (RmspropUpdate(momentum=0.9), "RMSprop", {"momentum": 0.9}),
        (ALL, "RMSprop", {"rho": 0.8, "momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ]

    def test_as_pytorch(self, peer):
        """PyTorch adds epsilon outside of the root: with none, the steps are the same."""
        torch = peer("torch")
        values = np.random.default_rng(0).standard_normal((6, 50))
        weights = torch.nn.Parameter(torch.from_numpy(values[0].copy()))
        optimizer = torch.optim.RMSprop([weights], lr=0.01, alpha=0.9, eps=0.0, momentum=0.9)
        p, states = values[0], [np.zeros(50), np.zeros(50)]
        for step in range(1, 6):
            weights.grad = torch.from_numpy(values[step].copy())
            optimizer.step()
            p, *states = evaluate(RmspropUpdate(epsilon=0.0, momentum=0.9), p, values[step], *states, 0.01)
        np.testing.assert_allclose(p, weights.detach().numpy(), rtol=1e-10)

"""adam_update's cases."""

import numpy as np

from fastconv.primitives import AdamUpdate
from fastconv.testing.cases import evaluate
from fastconv.testing.updates import UpdateTests, update

FILTER = (3, 3, 5, 7)
OTHER = AdamUpdate(beta_1=0.5, beta_2=0.9, epsilon=1e-3, weight_decay=0.1)

CASES = [
    update("first step: no means yet", AdamUpdate(), FILTER, [0.0, 0.0], step=1),
    update("third step", AdamUpdate(), FILTER, ["normal", "uniform"]),
    update("no gradient", AdamUpdate(), FILTER, [0.0, 0.0], gradient=0.0),
    update(
        "step ten million: the corrections are gone", AdamUpdate(), (9,), ["normal", "uniform"], step=10**7
    ),
    update("other betas, weight decay", OTHER, FILTER, ["normal", "uniform"]),
    update("one element", OTHER, (1,), ["normal", "uniform"]),
    update("no elements", OTHER, (0,), ["normal", "uniform"]),
    update("several blocks and a tail", OTHER, (33001,), ["normal", "uniform"]),
    update("NaN passed on", OTHER, (2, 33), ["normal", "uniform"], gradient="nan"),
]


class TestAdamUpdate(UpdateTests):
    cases = CASES
    as_in_keras = [
        (AdamUpdate(), "Adam", {}),
        (OTHER, "AdamW", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "weight_decay": 0.1}),
    ]

    def test_as_pytorch(self, peer):
        """PyTorch adds epsilon before the bias correction, Keras behind it: with none, the steps are the same."""
        torch = peer("torch")
        values = np.random.default_rng(0).standard_normal((6, 50))
        weights = torch.nn.Parameter(torch.from_numpy(values[0].copy()))
        optimizer = torch.optim.Adam([weights], lr=0.01, eps=0.0)
        p, states = values[0], [np.zeros(50), np.zeros(50)]
        for step in range(1, 6):
            weights.grad = torch.from_numpy(values[step].copy())
            optimizer.step()
            p, *states = evaluate(AdamUpdate(epsilon=0.0), p, values[step], *states, 0.01, step)
        np.testing.assert_allclose(p, weights.detach().numpy(), rtol=1e-10)

"""adam_update: steps from the running mean and mean square of the gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.families.update import Update


@dataclass(frozen=True)
class AdamUpdate(Update):
    """Adam: (p, g, m, v, lr (), t () int64) -> (p', m', v'); Keras's formulas.

    m' = m + (1 - beta_1) (g - m), v' = v + (1 - beta_2) (g^2 - v), p' = p - alpha m' / (sqrt(v') + epsilon) with
    alpha = lr sqrt(1 - beta_2^t) / (1 - beta_1^t).  t counts the steps from 1.  Before that, p is shrunk by
    weight_decay lr p.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    weight_decay: float = 0.0

    stem: ClassVar[str] = "adam_update"

    def state_count(self) -> int:
        return 2

    def scalars(self) -> tuple[str, ...]:
        return ("float32", "int64")

"""rmsprop_update: gradients divided by the root of their mean square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.families.update import Update


@dataclass(frozen=True)
class RmspropUpdate(Update):
    """RMSprop: (p, g, mean_square, [buffer,] [mean,] lr ()) -> (p', mean_square', [buffer',] [mean']); Keras's formulas.

    s' = rho s + (1 - rho) g^2 and d = lr g / sqrt(s' + epsilon); p' = p - d.  `centered`: mean' = rho mean +
    (1 - rho) g, and its square is taken off under the root.  momentum above 0: buffer' = momentum buffer + d,
    p' = p - buffer'.  Before that, p is shrunk by weight_decay lr p.
    """

    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False
    weight_decay: float = 0.0

    stem: ClassVar[str] = "rmsprop_update"

    def state_count(self) -> int:
        return 1 + (self.momentum > 0) + self.centered

"""sgd_update: gradient descent, with momentum if wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from fastconv.primitives.families.update import Update


@dataclass(frozen=True)
class SgdUpdate(Update):
    """Gradient descent: (p, g, [velocity,] lr ()) -> (p', [velocity']); Keras's formulas.

    Without momentum there is no velocity and p' = p - lr g.  Else v' = momentum v - lr g, and p' = p + v', or
    p' = p + momentum v' - lr g if `nesterov`.  Before that, p is shrunk by weight_decay lr p.
    """

    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    stem: ClassVar[str] = "sgd_update"

    def state_count(self) -> int:
        return 1 if self.momentum else 0

"""FASTCONV_CHECK=1: every step of a plan against the float64 reference, on the very inputs that it got."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastconv.runtime.errors import NumericsError
from fastconv.runtime.plan import PlanDescription
from fastconv.testing.cases import Case, differences


class StepCheck:
    """An `on_step` observer that raises NumericsError at the first step that differs from its reference."""

    def __init__(self, executable: Any, description: PlanDescription) -> None:
        self._executable = executable
        self._description = description
        self._inputs: list[np.ndarray] = []

    def __call__(self, index: int, after: bool) -> None:
        step = self._description.steps[index]
        if not after:
            self._inputs = [self._executable.read_slot(slot) for slot in step.inputs]
            return
        outputs = [self._executable.read_slot(slot) for slot in step.outputs]
        wrong = differences(Case("step", step.primitive, *self._inputs), outputs, step.implementation)
        if wrong:
            raise NumericsError(
                f"FASTCONV_CHECK: {self._executable.step_text(index)} in '{step.label}' differs from its float64 "
                f"reference: {'; '.join(wrong)}. Report it with the line that FASTCONV_VERBOSE=1 prints for this step."
            )

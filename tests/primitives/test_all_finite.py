"""all_finite's cases."""

import numpy as np
import pytest

from fastconv import _core
from fastconv.primitives import AllFinite, Spec
from fastconv.testing import suite
from fastconv.testing.cases import Case, Input
from fastconv.testing.suite import PrimitiveTests, run


def with_at(place, value, count):
    """Ones, and one value of another kind."""
    values = np.ones(count, np.float32)
    values[place] = value
    return values


CASES = [
    Case("one element", AllFinite(), (1,)),
    Case("no elements", AllFinite(), (0,)),
    Case("no input", AllFinite()),
    Case("several tensors of several blocks", AllFinite(), (3, 11000), (7,), (), (40000,)),
    Case("largest numbers are finite", AllFinite(), Input((100,), fill=3.4e38), Input((100,), fill=-3.4e38)),
    Case("a NaN in the first vector", AllFinite(), with_at(0, np.nan, 20000)),
    Case("an infinity in the last element of a tail", AllFinite(), with_at(20000, np.inf, 20001)),
    Case("minus infinity in the second tensor", AllFinite(), (50,), with_at(70, -np.inf, 100)),
    Case("more tensors than one launch takes", AllFinite(), *[(3,)] * 480),
    Case("a NaN in the last of many tensors", AllFinite(), *[(3,)] * 480, with_at(2, np.nan, 3)),
    Case("opposite infinities do not cancel", AllFinite(), np.array([np.inf, -np.inf] * 40, np.float32)),
]


class TestAllFinite(PrimitiveTests):
    cases = CASES
    batched = ()

    def test_every_place_counts(self):
        """A number that is not finite is found wherever it stands."""
        rows = [("cpu", "blocks"), ("cpu", "reference")]
        if suite.cuda_device:
            rows.append((suite.cuda_device, "chunks"))
        for device, implementation in rows:
            for place in range(131):
                case = Case("", AllFinite(), with_at(place, np.nan, 131))
                assert run(case, implementation, device=device)[0] == 0, (device, implementation, place)

    def test_cuda_recorded(self):
        """Each run of a recorded plan looks anew, and its closing block follows what it finds."""
        device = suite.cuda_device
        if device is None:
            pytest.skip("no CUDA device to test on")
        x, runs = _core.Buffer(device, "float32", (5000,)), _core.Buffer(device, "float32", ())
        runs.write(np.zeros((), np.float32))
        plan = _core.Plan(device)
        seen, counter, one = (
            plan.add_variable(x),
            plan.add_variable(runs),
            plan.add_constant(np.ones((), "f4")),
        )
        flag = plan.add_arena(Spec("uint8", ()), 0)
        plan.add_step(_core.Part.step, device, "all_finite", "chunks", {}, [seen], [flag], 0, 0, 0, "look")
        plan.add_step(
            _core.Part.closing, device, "add", "elements", {}, [counter, one], [counter], 0, 0, 0, "count"
        )
        plan.set_gate(flag)
        plan.finish()
        closed = []
        for value in (1, np.nan, 1, np.inf, 1):
            x.write(with_at(4999, value, 5000))
            closed.append(plan.run([], []).closed)
        assert closed == [True, False, True, False, True]
        assert runs.numpy() == 3

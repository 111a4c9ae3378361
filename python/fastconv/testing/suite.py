"""The tests that every primitive gets from its case table.

class TestMaxPool2d(PrimitiveTests):
    cases = CASES
    def with_torch(torch, primitive, x): ...      # optional
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from fastconv import _core
from fastconv.primitives import base
from fastconv.testing.cases import Case, differences, evaluate, reference_module, widened
from fastconv.testing.errors import Errors

STEP = 1e-6  # of the central differences: truncation 1e-12, rounding 1e-10 of the value
THREADS = (1, 2, 8)


# The CUDA device that the kernels' tests run on too; the options of the test run set it (tests/conftest.py).
cuda_device: str | None = None
# Where the kernels' errors there are noted, if the test run asks for a table of them.
cuda_errors: Errors | None = None


@functools.cache
def candidates(case: Case, device: str = "cpu") -> list[Any]:
    """Every implementation of the case's primitive on a device, with its answer to the case."""
    if case.stem not in _core.stems():
        return []
    attributes = case.primitive.attributes()
    return _core.candidates(device, case.stem, attributes, case.input_specs(), case.specs())


def run(
    case: Case,
    implementation: str,
    inputs: tuple[np.ndarray, ...] | None = None,
    misplaced: bool = False,
    device: str = "cpu",
) -> list[Any]:
    """Outputs of one implementation; outputs and workspace hold NaN before.

    misplaced: each input lies one element behind a 64-byte boundary, else on it (the CPU's only).
    """
    inputs = case.values() if inputs is None else inputs
    specs = case.primitive.shapes([base.Spec(v.dtype.name, v.shape) for v in inputs])
    placed = [at_offset(v, v.itemsize if misplaced else 0) for v in inputs]
    return _core.run_once(
        case.stem, implementation, case.primitive.attributes(), placed, specs, device=device
    )


def at_offset(values: np.ndarray, shift: int) -> np.ndarray:
    """A copy that starts `shift` bytes behind a 64-byte boundary."""
    memory = np.empty(values.nbytes + 128, np.uint8)
    start = -memory.ctypes.data % 64 + shift
    copy = memory[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    copy[...] = values
    return copy


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.tobytes() == b.tobytes()


class PrimitiveTests:
    """Base of the primitives' tests; a subclass gives `cases`."""

    cases: ClassVar[Sequence[Case]] = ()
    networks: ClassVar[Sequence[Case]] = ()  # large: with --slow only
    # Inputs whose axis 0 is the batch, by position; or a function of the primitive.
    batched: ClassVar[tuple[int, ...] | Callable[[Any], tuple[int, ...]]] = (0,)
    # (torch, primitive, *float64 tensors) -> output or outputs; None where PyTorch has nothing alike.
    with_torch: ClassVar[Callable[..., Any] | None] = None

    def __init_subclass__(cls) -> None:
        """Leaves out the tests that have nothing to look at, so that none passes without looking."""
        for name, test in inspect.getmembers(cls, inspect.isfunction):
            about_cases = name.startswith("test_") and "case" in inspect.signature(test).parameters
            if about_cases and cls.cases and not cls._arguments(name):
                setattr(cls, name, None)

    @classmethod
    def _arguments(cls, test: str) -> list[tuple[Any, ...]]:
        """Cases, or pairs of case and implementation, that a test is about."""
        cases = cls.networks if test == "test_networks" else cls.cases
        if test == "test_torch":
            return [(case,) for case in cases if cls.with_torch is not None]
        if test == "test_gradient_rule":
            return [(case,) for case in cases if case.differentiable and _has_rule(case)]
        if test == "test_has_kernels":
            return [(case,) for case in cases]
        if test.startswith("test_cuda"):
            return cls._cuda_arguments(test)
        rows = [(case, row) for case in cases for row in candidates(case) if not row.reason]
        if test == "test_networks":
            rows = [(case, row) for case, row in rows if row.name != "reference"]
        return [(case, row.name) for case, row in rows if cls._concerns(test, case, row)]

    @classmethod
    def _concerns(cls, test: str, case: Case, row: Any) -> bool:
        if test.endswith("batch_invariance"):
            return row.batch_invariant and bool(cls._batched(case))
        if test.endswith("in_place"):
            return row.in_place and case.specs()[0] == case.input_specs()[0]
        return True

    @classmethod
    def _cuda_arguments(cls, test: str) -> list[tuple[Any, ...]]:
        if not cuda_device:
            return []
        if test == "test_cuda_has_kernels":
            return [(case,) for case in cls.cases]
        rows = [(case, row) for case in cls.cases for row in candidates(case, cuda_device) if not row.reason]
        return [(case, row.name) for case, row in rows if cls._concerns(test, case, row)]

    @classmethod
    def _batched(cls, case: Case) -> tuple[int, ...]:
        """Inputs of a case that have a batch, where it is more than a list of numbers."""
        indices = cls.batched(case.primitive) if callable(cls.batched) else cls.batched
        return indices if indices and len(case.input_specs()[indices[0]].shape) > 1 else ()

    def pytest_generate_tests(self, metafunc: Any) -> None:
        if "case" not in metafunc.fixturenames:
            return
        arguments = self._arguments(metafunc.function.__name__)
        names = ["case", "implementation"][: len(arguments[0])]
        ids = ["-".join([*map(str, rest), case.label]) for case, *rest in arguments]
        metafunc.parametrize(names, arguments, ids=ids)

    def test_labels_are_unique(self) -> None:
        labels = [case.label for case in [*self.cases, *self.networks]]
        assert sorted(labels) == sorted(set(labels))

    def test_has_kernels(self, case: Case) -> None:
        rows = candidates(case)
        assert rows, f"{case.stem} has no kernel on cpu"
        assert rows[-1].name == "reference", f"{case.stem}: the reference must be the last of the list"
        assert not rows[-1].reason, f"{case.stem}: the reference refuses: {rows[-1].reason}"

    def test_every_implementation_has_a_case(self) -> None:
        used = {row.name for case in self.cases for row in candidates(case) if not row.reason}
        assert used == set(_core.implementations("cpu", self.cases[0].stem))

    def test_reference(self, case: Case, implementation: str) -> None:
        """Equal to the float64 reference, with inputs at odd addresses, outputs and workspace poisoned."""
        assert not differences(case, run(case, implementation, misplaced=True), implementation)

    def test_threads(self, case: Case, implementation: str) -> None:
        """The same bits for any number of threads and any address of the inputs."""
        expected = run(case, implementation, misplaced=True)
        before = _core.thread_count()
        try:
            for threads in THREADS:
                _core.set_thread_count(threads)
                for ours, other in zip(expected, run(case, implementation), strict=True):
                    assert same_bits(ours, other), f"{threads} threads"
        finally:
            _core.set_thread_count(before)

    def test_batch_invariance(self, case: Case, implementation: str) -> None:
        """Rows that claim it give a sample the same bits alone as in its batch."""
        self._check_batch_invariance(case, implementation, "cpu")

    def _check_batch_invariance(self, case: Case, implementation: str, device: str) -> None:
        batched, values = self._batched(case), case.values()
        together = run(case, implementation, device=device)
        last = values[batched[0]].shape[0] - 1
        for n in sorted({0, last // 2, last}):
            alone = tuple(v[n : n + 1] if i in batched else v for i, v in enumerate(values))
            for whole, single in zip(together, run(case, implementation, alone, device=device), strict=True):
                assert same_bits(whole[n : n + 1], single), f"sample {n}"

    def test_in_place(self, case: Case, implementation: str) -> None:
        """Rows that claim it may write output 0 over input 0."""
        _check_in_place(case, implementation, "cpu")

    def test_cuda_has_kernels(self, case: Case) -> None:
        """Every case that the CPU takes has a kernel on the GPU."""
        assert cuda_device is not None
        rows = candidates(case, cuda_device)
        assert rows, f"{case.stem} has no kernel on {cuda_device}"
        assert not rows[-1].reason, f"{case.stem}: the last row refuses: {rows[-1].reason}"
        rounded = getattr(reference_module(case.stem), "rounded", {})
        assert {row.name for row in rows if row.reduced_precision} <= set(rounded)

    def test_cuda(self, case: Case, implementation: str) -> None:
        """Equal to the float64 reference on the GPU, outputs and workspace poisoned; the same bits twice."""
        assert cuda_device is not None
        first = run(case, implementation, device=cuda_device)
        second = run(case, implementation, device=cuda_device)
        if cuda_errors is not None:
            row = next(row for row in candidates(case, cuda_device) if row.name == implementation)
            cuda_errors.note(case, implementation, "tf32" if row.reduced_precision else "exact", first)
        assert not differences(case, first, implementation)
        for ours, other in zip(first, second, strict=True):
            assert same_bits(ours, other)

    def test_cuda_batch_invariance(self, case: Case, implementation: str) -> None:
        """Rows that claim it give a sample the same bits alone as in its batch."""
        assert cuda_device is not None
        self._check_batch_invariance(case, implementation, cuda_device)

    def test_cuda_in_place(self, case: Case, implementation: str) -> None:
        """Rows that claim it may write output 0 over input 0, and write nothing while the gate is shut."""
        assert cuda_device is not None
        _check_in_place(case, implementation, cuda_device)
        row = next(row for row in candidates(case, cuda_device) if row.name == implementation)
        for before, after in zip(
            case.values(), _run_in_place(case, row, cuda_device, shut=True), strict=False
        ):
            assert same_bits(before, after)
            break

    def test_gradient_rule(self, case: Case) -> None:
        """The gradient rule, computed by the references, against central differences of the reference."""
        for wrong in _gradient_differences(case):
            raise AssertionError(wrong)

    def test_torch(self, case: Case) -> None:
        """The float64 reference against PyTorch in float64."""
        torch, with_torch = _torch(), type(self).with_torch
        assert with_torch is not None
        theirs = with_torch(
            torch, case.primitive, *[torch.from_numpy(v.copy()) for v in widened(case.values())]
        )
        if theirs is None:
            return
        theirs = theirs if isinstance(theirs, tuple) else (theirs,)
        for ours, other in zip(case.expected(), theirs, strict=True):
            scale = np.abs(np.nan_to_num(ours)).max(initial=1.0)
            np.testing.assert_allclose(ours, other.numpy(), rtol=0, atol=1e-12 * scale)

    @pytest.mark.slow
    def test_networks(self, case: Case, implementation: str) -> None:
        """The networks' shapes against the float64 reference."""
        assert not differences(case, run(case, implementation), implementation)


def _has_rule(case: Case) -> bool:
    own = type(case.primitive).gradient is not base.Primitive.gradient
    return own and any(spec.dtype == "float32" for spec in case.specs())


def _torch() -> Any:
    if os.environ.get("FASTCONV_REQUIRE_PEERS") == "1":
        import torch

        return torch
    return pytest.importorskip("torch")


def _check_in_place(case: Case, implementation: str, device: str) -> None:
    row = next(row for row in candidates(case, device) if row.name == implementation)
    expected = run(case, implementation, device=device)
    for ours, other in zip(expected, _run_in_place(case, row, device), strict=True):
        assert same_bits(ours, other)


def _run_in_place(case: Case, row: Any, device: str, shut: bool = False) -> list[np.ndarray]:
    # Only the closing block may write state, and nothing else lets an input be written.
    plan = _core.Plan(device)
    buffers = []
    for values in case.values():
        buffers.append(_core.Buffer(device, values.dtype.name, values.shape))
        buffers[-1].write(values)
    inputs = [plan.add_variable(buffer) for buffer in buffers]
    targets = [buffers[0]] + [_core.Buffer(device, spec.dtype, spec.shape) for spec in case.specs()[1:]]
    outputs = [inputs[0]] + [plan.add_variable(target) for target in targets[1:]]
    plan.add_step(
        _core.Part.closing, device, case.stem, row.name, case.primitive.attributes(), inputs, outputs, 0,
        row.workspace_bytes, row.scratch_bytes, case.label,
    )  # fmt: skip
    if shut:
        plan.set_gate(plan.add_constant(np.zeros((), bool)))
    plan.finish()
    plan.run([], [])
    return [target.numpy() for target in targets]


def _gradient_differences(case: Case) -> Iterator[str]:
    inputs = widened(case.values())
    outputs = evaluate(case.primitive, *inputs)
    random = np.random.default_rng(1)
    weights = [random.standard_normal(o.shape) if o.dtype == np.float64 else None for o in outputs]
    gradients = _rule(case, inputs, outputs, weights)
    assert len(gradients) == len(inputs), "a gradient rule gives one gradient, or None, per input"

    def value(changed: list[np.ndarray]) -> float:
        results = evaluate(case.primitive, *changed)
        return float(sum((w * r).sum() for w, r in zip(weights, results, strict=True) if w is not None))

    for index, gradient in enumerate(gradients):
        if gradient is None or inputs[index].dtype != np.float64:
            continue
        assert np.shape(gradient) == inputs[index].shape, (
            f"gradient of input {index}: shape {np.shape(gradient)}"
        )
        for direction in _directions(random, inputs[index]):
            ends = []
            for sign in (1, -1):
                changed = list(inputs)
                changed[index] = inputs[index] + sign * STEP * direction
                ends.append(value(changed))
            slope, expected = (ends[0] - ends[1]) / (2 * STEP), float((gradient * direction).sum())
            size = float(np.abs(gradient * direction).sum()) + 1e-3 * (1 + abs(ends[0]))
            if not abs(slope - expected) <= 2e-6 * size:
                yield f"input {index}: the rule gives {expected!r}, central differences {slope!r}"


def _directions(random: np.random.Generator, values: np.ndarray) -> Iterator[np.ndarray]:
    """Two directions through all elements, then single elements: the corners and some between."""
    for _ in range(2):
        yield random.standard_normal(values.shape)
    if not values.size:
        return
    for element in {0, values.size - 1, *random.integers(0, values.size, 4).tolist()}:
        direction = np.zeros(values.size)
        direction[element] = 1.0
        yield direction.reshape(values.shape)


def _rule(case: Case, inputs: Any, outputs: Any, weights: Any) -> tuple[Any, ...]:
    """The gradient rule run on arrays: every primitive that it calls is computed by its reference."""

    def apply(primitive: base.Primitive, arguments: tuple[Any, ...]) -> Any:
        results = evaluate(primitive, *arguments)
        return results[0] if len(results) == 1 else results

    before = base._apply
    base.install(apply)
    try:
        return tuple(case.primitive.gradient(inputs, outputs, weights))
    finally:
        base._apply = before

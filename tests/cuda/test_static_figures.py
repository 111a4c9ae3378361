"""Figures of the convolutions' kernels that need no GPU: bench/cuda_static.py for six passes, in both precisions."""

import importlib.machinery
import importlib.util
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench" / "cuda_static.py"


@pytest.fixture(scope="module")
def cuda_static():
    loader = importlib.machinery.SourceFileLoader("cuda_static", str(BENCH))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("cuda_static", loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(request, cuda_static):
    from fastconv.testing import suite

    if not suite.cuda_device or request.config.getoption("--cuda") == "gpu":
        pytest.skip("counters are the emulated runtime's")
    return list(cuda_static.all_rows(["--six"]))


def test_counters(cuda_static, rows):
    """No wasted sectors, no bank conflicts, and to the byte what the tiles need."""
    assert len(rows) == 2 * len(cuda_static.SIX)
    for row in rows:
        assert not cuda_static.misses({**row, "of_ideal": "", "spills": ""}), row


def test_machine_code(cuda_static, rows, cuda_kernels):
    """The main loops multiply as much as their tiles let them."""
    for row in rows:
        assert row["math"] > 0
        assert not cuda_static.misses(row), row


def test_misses(cuda_static, rows):
    """Each figure can miss."""
    wrong = {"sectors": 1.06, "load_ways": 1.1, "copy_ways": 1.1, "copied": 1, "of_ideal": 0.4, "spills": 2}
    for name, value in wrong.items():
        fine = {**rows[0], "of_ideal": 0.9, "spills": 0}
        assert len(cuda_static.misses({**fine, name: value})) == 1, name


@pytest.mark.parametrize(
    ("kernel", "text", "formula"),
    [
        ("void fastconv::gather_gemm<fastconv::FmaTile<128, 64>, 4, 4>(fastconv::GatherGemm)",
         "gather_gemm fma 128x64 copies 4,4", "1024/(1024+64+6)"),
        ("void fastconv::filter_gemm<fastconv::MmaTile<fastconv::Tf32, 128, 128, 64, 64>, 1, 4>(fastconv::FilterGemm)",
         "filter_gemm mma 64x64 128x128 copies 1,4", "128/(128+96+192+40)"),
    ],
)  # fmt: skip
def test_instances_are_read_from_names(cuda_static, kernel, text, formula):
    instance = cuda_static.instance_of(kernel)
    assert str(instance) == text
    assert cuda_static.formula_of(cuda_static.ideal_loop(instance)) == formula


def test_other_kernels_are_none(cuda_static):
    assert cuda_static.instance_of("fastconv::finish_kernel<4>(float const*)") is None

"""Options of the test run, and the fixtures that every folder of tests shares."""

import gc
import importlib
import importlib.util
import os
import signal
from pathlib import Path

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--isa", help="instruction set of the kernels: baseline, avx2, avx512 (default: the best there is)"
    )
    parser.addoption(
        "--cuda",
        choices=["auto", "gpu", "emulated", "off"],
        default="auto",
        help="where the CUDA tests run: on a GPU, on the emulated runtime (tools/ptxsim), or nowhere (default: on a "
        "GPU if there is one, else emulated if the CUDA module was built)",
    )
    parser.addoption(
        "--cuda-errors",
        metavar="FILE",
        type=Path,
        help="write the largest error of each primitive's CUDA kernels in the cases that run into this CSV table, with "
        "the checkers' findings where PTXSIM_CHECK and PTXSIM_LOG are set",
    )
    parser.addoption("--slow", action="store_true", help="also the slow tests: shapes of whole networks")


def pytest_configure(config):
    # A job in the background is started with Ctrl-C ignored: the tests that press it would wait for ever.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "slow: minutes of computing; run with --slow")
    isa = config.getoption("--isa")
    if isa:
        os.environ["FASTCONV_ISA"] = isa  # read when the library is loaded
        from fastconv import _core

        if _core.isa_problem():
            raise pytest.UsageError(_core.isa_problem())
    choose_cuda(config.getoption("--cuda"))
    if path := config.getoption("--cuda-errors"):
        note_cuda_errors(path)


def pytest_unconfigure(config):
    from fastconv.testing import suite

    if suite.cuda_errors is not None:
        suite.cuda_errors.write()
        suite.cuda_errors = None


def choose_cuda(wish):
    """Opens the device that the CUDA tests run on, and tells the tests of the kernels."""
    from fastconv.testing import emulation, suite

    suite.cuda_device = None
    if wish == "off":
        return
    try:
        suite.cuda_device = emulation.open_test_device(wish)
    except emulation.NotAvailable as error:
        if wish != "auto":
            raise pytest.UsageError(str(error)) from None


def note_cuda_errors(path):
    """Lets the kernels' tests note their errors, for a table at the end."""
    from fastconv.testing import errors, suite

    if suite.cuda_device is None:
        raise pytest.UsageError("--cuda-errors: there is no CUDA device to test on (--cuda)")
    from fastconv import _cuda

    suite.cuda_errors = errors.Errors(path, _cuda.facts(0)["name"])


def pytest_report_header(config):
    from fastconv import _core
    from fastconv.testing import suite

    return f"fastconv: {_core.isa()}, {_core.thread_count()} threads, CUDA tests on {suite.cuda_device or 'nothing'}"


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    slow = [item for item in items if "slow" in item.keywords]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if "slow" not in item.keywords]


def pytest_collection_finish(session):
    # Thousands of tests are millions of objects that stay: fixtures that collect garbage need not walk them each time.
    gc.freeze()


@pytest.fixture(scope="session")
def test_data():
    """Folder of real pictures and weights: $FASTCONV_TEST_DATA, else shared/data beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("FASTCONV_TEST_DATA") or beside)
    if folder.is_dir():
        return folder
    _missing("FASTCONV_REQUIRE_DATA", f"no test data: {folder} is no folder; set FASTCONV_TEST_DATA")


@pytest.fixture(scope="session")
def peer():
    """`peer("torch")` imports another framework to compare with."""

    def wanted(name):
        # TensorFlow logs to stderr what it thinks of the processor.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        try:
            return importlib.import_module(name)
        except ImportError as error:
            _missing("FASTCONV_REQUIRE_PEERS", f"peer {name} is not installed ({error})")

    return wanted


@pytest.fixture(scope="session")
def cuda_kernels():
    """Machine code of all CUDA kernels of this build."""
    from fastconv.testing import machine_code

    module = importlib.util.find_spec("fastconv._cuda")
    if module is None:
        _missing("FASTCONV_REQUIRE_CUDA", "fastconv was built without CUDA")
    tools = machine_code.find_tools()
    if tools is None:
        _missing("FASTCONV_REQUIRE_CUDA", "cuobjdump and nvdisasm are not installed (extra cuda-dev)")
    return machine_code.kernels(Path(module.origin).parent / "libfastconv_cuda.so", tools)


@pytest.fixture
def heard_ctrl_c():
    """Ctrl-C in a callback of the garbage collector, and hypothesis leaves one behind, is told and forgotten."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def cuda_device():
    """Name of the device that the CUDA tests run on; a test leaves nothing allocated there."""
    from fastconv.testing import suite

    if suite.cuda_device is None:
        _missing(
            "FASTCONV_REQUIRE_CUDA", "no CUDA: neither a GPU nor a CUDA module with the emulated runtime"
        )
    before = _cuda_blocks(suite.cuda_device)
    yield suite.cuda_device
    assert _cuda_blocks(suite.cuda_device) == before, "memory of the device is still in use"


def _cuda_blocks(name):
    """Blocks in use, without the plans of single primitives and the arena, which stay for the next."""
    from fastconv import _core
    from fastconv.compiler import eager
    from fastconv.runtime.device import get_device

    eager._one_step.cache_clear()
    get_device(name).hear()
    gc.collect()
    _core.release_arena(name)
    return get_device(name).memory()["blocks"]


def _missing(variable, reason):
    """Skips, but fails where the variable says that nothing may be skipped."""
    if os.environ.get(variable) == "1":
        pytest.fail(f"{reason} ({variable}=1)")
    pytest.skip(reason)

"""Options of the test run."""

import os

import pytest


def pytest_addoption(parser):
    parser.addoption(
        "--isa", help="instruction set of the kernels: baseline, avx2, avx512 (default: the best there is)"
    )
    parser.addoption("--slow", action="store_true", help="also the slow tests: shapes of whole networks")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: minutes of computing; run with --slow")
    isa = config.getoption("--isa")
    if isa:
        os.environ["FASTCONV_ISA"] = isa  # read when the library is loaded
        from fastconv import _core

        if _core.isa_problem():
            raise pytest.UsageError(_core.isa_problem())


def pytest_report_header(config):
    from fastconv import _core

    return f"fastconv: {_core.isa()}, {_core.thread_count()} threads"


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    slow = [item for item in items if "slow" in item.keywords]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if "slow" not in item.keywords]

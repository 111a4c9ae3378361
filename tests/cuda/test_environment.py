"""`fastconv env` about CUDA: found, needed, what to do."""

import sys

from fastconv import cli

REPORT = """
from fastconv import cli
for row in cli.findings():
    if "cuda" in row.subject:
        print(*row, sep=" | ")
"""


def built(said):
    """The rows behind the first, which names the toolkit that built the kernels."""
    first, *others = said.splitlines()
    assert first.startswith("cuda kernels | built for CUDA 13.")
    return others


def test_two_gpus(emulated):
    said = emulated(REPORT, PTXSIM_DEVICES="2", PTXSIM_MEMORY="2G", PTXSIM_DEVICE="sm_86")
    driver, *devices = built(said)
    assert driver.startswith("cuda driver | for CUDA 13.")
    assert driver.endswith("; needed: for CUDA 13.0 or newer (580 or newer) | ")
    facts = "ptxsim sm_86 (emulated), compute capability 8.6 (needed: 8.0 or newer), 2.1 GB | "
    assert devices == [f"device cuda:0 | {facts}", f"device cuda:1 | {facts}"]


def test_no_driver(emulated):
    assert built(emulated(REPORT, PTXSIM_GPU="none")) == [
        "cuda driver | none; needed: for CUDA 13.0 or newer (580 or newer) | Install NVIDIA's driver 580 or newer."
    ]


def test_an_old_driver(emulated):
    assert built(emulated(REPORT, PTXSIM_GPU="old-driver")) == [
        "cuda driver | for CUDA 11.4; needed: for CUDA 13.0 or newer (580 or newer) | Install NVIDIA's driver 580 or "
        "newer."
    ]


def test_kernels_that_were_not_built(monkeypatch):
    monkeypatch.delattr("fastconv._cuda", raising=False)
    monkeypatch.setitem(sys.modules, "fastconv._cuda", None)
    rows = [tuple(row) for row in cli.findings() if "cuda" in row.subject]
    assert rows == [
        (
            "cuda kernels",
            "not built; needed for device 'cuda'",
            "Only for NVIDIA GPUs: `FASTCONV_CUDA=ON pip install .` in the source folder.",
        )
    ]

"""What a table must name (processor, instruction set, threads), and the environment that holds peers to the same."""

from __future__ import annotations

import os
import platform
from pathlib import Path

# The variables that hold oneDNN and PyTorch to one instruction set.
PEER_CAPS = {
    "baseline": {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"},
    "avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"},
    "avx512": {},
}
# glibc's allocator told to keep its memory: half of PyTorch's time on small nets is page faults.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(4 << 30), "MALLOC_TRIM_THRESHOLD_": str(8 << 30)}


def processor() -> str:
    """Name of the processor, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return f"{facts.get('model name')} (family {facts.get('cpu family')}, model {facts.get('model')})"


def card() -> str:
    """Name of the first GPU, which is opened."""
    from fastconv.runtime.device import get_device

    get_device("cuda:0")
    from fastconv import _cuda

    return str(_cuda.facts(0)["name"])


def environment(isa: str, threads: int, gpu: bool = False, **more: str) -> dict[str, str]:
    """The environment of a measuring process; peers see no GPU unless it is what they are measured on."""
    ours = {"FASTCONV_ISA": isa, "FASTCONV_NUM_THREADS": str(threads)}
    theirs = {"OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if not gpu:
        theirs["CUDA_VISIBLE_DEVICES"] = "-1"
    return {**os.environ, **ours, **theirs, **PEER_CAPS.get(isa, {}), **more}


def instruction_sets(text: str) -> list[str]:
    """The sets named (by comma); without any, all that the machine has but the baseline."""
    from fastconv import _core

    if text:
        return text.split(",")
    return [isa for isa in _core.available_isas() if isa != "baseline"] or ["baseline"]

"""What the compiler made of the CUDA kernels: instructions, loops, registers, spills, read by NVIDIA's own tools.

`cuobjdump` and `nvdisasm` are looked for on the path, in CUDA_HOME and among the packages of the extra `cuda-dev`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fastconv.testing.emulation import packaged_toolkit

_PIECES = re.compile(
    r"^\s*code for (?P<architecture>sm_\w+)$"
    r"|^\s*Function : (?P<function>\S+)$"
    r"|^\s*/\*(?P<address>[0-9a-f]{4,})\*/\s+(?:\{\s*)?(?:@(?P<predicate>!?\w+)\s+)?(?P<opcode>[\w.]+)(?P<operands>[^;]*);",
    re.MULTILINE,
)
_REPORT = re.compile(
    r"Compiling entry function '(?P<kernel>\w+)' for '(?P<architecture>\w+)'.*?"
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
    r"Used (?P<registers>\d+) registers",
    re.DOTALL,
)
_LAUNCH_BOUNDS = re.compile(r"__launch_bounds__\((?:[^()]|\([^()]*\))*\)")
HOT = "// hot: no spills"


class Instruction(NamedTuple):
    """One machine instruction; `opcode` with its modifiers, as in 'LDG.E.128'."""

    address: int
    predicate: str
    opcode: str
    operands: str

    @property
    def unit(self) -> str:
        """The opcode without modifiers: 'LDG'."""
        return self.opcode.partition(".")[0]


class Kernel(NamedTuple):
    """A kernel's machine code for one architecture; `symbol` is the linker's name."""

    symbol: str
    architecture: str
    instructions: tuple[Instruction, ...]

    def is_of(self, name: str) -> bool:
        """Whether this is the kernel function `name`, or an instance of the template of that name."""
        return f"{len(name)}{name}" in self.symbol

    def loops(self) -> list[tuple[Instruction, ...]]:
        """Instructions from the target of each backward branch to the branch, inner loops beside the outer ones."""
        found = []
        for branch in self.instructions:
            target = re.search(r"\b0x([0-9a-f]+)\s*$", branch.operands) if branch.unit == "BRA" else None
            if target and int(target[1], 16) < branch.address:
                first = int(target[1], 16)
                found.append(tuple(i for i in self.instructions if first <= i.address <= branch.address))
        return found


class Resources(NamedTuple):
    """What ptxas reported of a kernel."""

    registers: int
    stack_bytes: int  # local memory of a thread: arrays and spilled registers
    spill_store_bytes: int
    spill_load_bytes: int


def local_accesses(instructions: tuple[Instruction, ...]) -> list[Instruction]:
    """Accesses of local memory: spilled registers, and arrays that did not become registers."""
    return [i for i in instructions if i.unit in ("LDL", "STL")]


def find_tools() -> str | None:
    """A search path on which cuobjdump and nvdisasm lie; None where one is missing."""
    toolkits = [os.environ.get("CUDA_HOME"), packaged_toolkit()]
    folders = [os.environ.get("PATH", ""), *(f"{toolkit}/bin" for toolkit in toolkits if toolkit)]
    path = os.pathsep.join(folders)
    return path if shutil.which("cuobjdump", path=path) and shutil.which("nvdisasm", path=path) else None


def kernels(library: Path, tools: str) -> list[Kernel]:
    """Every kernel in a library's or an object file's machine code; `tools` is what `find_tools` found."""
    command = [str(shutil.which("cuobjdump", path=tools)), "--dump-sass", str(library)]
    environment = {**os.environ, "PATH": tools}  # cuobjdump calls nvdisasm
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return list(_read_listing(done.stdout))


def _read_listing(listing: str) -> Iterator[Kernel]:
    architecture, symbol, instructions = "", "", []
    for piece in _PIECES.finditer(listing):
        if piece["opcode"]:
            instruction = Instruction(
                int(piece["address"], 16),
                piece["predicate"] or "",
                piece["opcode"],
                piece["operands"].strip(),
            )
            instructions.append(instruction)
            continue
        if symbol:
            yield Kernel(symbol, architecture, tuple(instructions))
        symbol, instructions = piece["function"] or "", []
        architecture = piece["architecture"] or architecture
    if symbol:
        yield Kernel(symbol, architecture, tuple(instructions))


def read_reports(folder: Path) -> dict[tuple[str, str], Resources]:
    """Resources by (symbol, architecture) from the reports that a build keeps in its folder `cuda_resources`."""
    return {
        (found["kernel"], found["architecture"]): Resources(
            int(found["registers"]), int(found["stack"]), int(found["stores"]), int(found["loads"])
        )
        for path in sorted(folder.rglob("*.txt"))
        for found in _REPORT.finditer(path.read_text(encoding="utf-8"))
    }


def hot_kernels(source: str) -> list[str]:
    """Names of the kernels in a source text that a comment above them marks `// hot: no spills`."""
    names = []
    for behind in source.split(HOT)[1:]:
        declaration = _LAUNCH_BOUNDS.sub("", behind.partition("__global__")[2])
        name = re.search(r"(\w+)\s*\(", declaration)
        if not name:
            raise ValueError(f"'{HOT}' stands above no kernel: {behind[:80]!r}")
        names.append(name[1])
    return names

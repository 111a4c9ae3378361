#!/usr/bin/env python3
"""What has to pass before a change lands, from a clean checkout and from nothing but Python and a compiler.

    .ci/run              all stages, in order
    .ci/run STAGE ...    these alone
    .ci/run --list       their names

A stage that has passed for a commit is not run again for it (.ci/state; only when nothing is uncommitted; `--again`
runs it all the same).  The last line sums all stages: "N passed, 0 failed".
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
CI = ROOT / ".ci"
VENV, PEERS, CUDA, STATE = (CI / name for name in ("venv", "venv-peers", "venv-cuda", "state"))
DIST, CUDA_DIST = CI / "dist", CI / "dist-cuda"
NEWCOMER = ROOT.parent / "shared" / "tools" / "newcomer"
LARGEST_WHEEL, LARGEST_CUDA_WHEEL = 5_000_000, 60_000_000  # bytes
CHECKERS = (
    "memcheck,-leak,init,race,sync"  # of the emulated CUDA runtime; devices keep their memory until exit
)
# Tests that compare with another framework say so in their names.
PEER_TESTS = "torch or keras or tensorflow or peer"


class Count(NamedTuple):
    passed: int = 0
    failed: int = 0

    def __add__(self, other: object) -> Count:
        assert isinstance(other, Count)
        return Count(self.passed + other.passed, self.failed + other.failed)


# Running commands


def run(
    command: str | list[str],
    *,
    venv: Path | None = None,
    counted: bool = False,
    at_once: bool = True,
    **environment: str,
) -> Count:
    """Runs a command in the checkout, shows its output, and counts: itself, or the tests that it reports.

    at_once: output is shown as it comes; else in one piece at the end, for commands that run side by side.
    """
    shown = command if isinstance(command, str) else " ".join(map(str, command))
    print(f"$ {shown}" if at_once else f"begins: {shown}", flush=True)
    arguments = ["bash", "-euo", "pipefail", "-c", command] if isinstance(command, str) else command
    lines = []
    with subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=environment_of(venv) | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout
        for line in process.stdout:
            if at_once:
                print(line, end="", flush=True)
            lines.append(line)
    if not at_once:
        print(f"$ {shown}\n{''.join(lines)}", end="", flush=True)
    if not counted:
        return Count(failed=1) if process.returncode else Count(passed=1)
    count = sum((reported(line) for line in lines), start=Count())
    if process.returncode and not count.failed:
        return count + Count(failed=1)
    # A command that was to report tests and reported none has shown nothing.
    return count if count.passed or count.failed else Count(failed=1)


def reported(line: str) -> Count:
    """Tests counted by a summary line of pytest or of the native runner."""
    if not re.search(r"^=*\s*\d+ (?:passed|failed|errors?|skipped|deselected)\b", line):
        return Count()
    found = {kind: int(number) for number, kind in re.findall(r"(\d+) (passed|failed|errors?)\b", line)}
    return Count(found.pop("passed", 0), sum(found.values()))


def side_by_side(*lanes: Sequence[Callable[[], Count]]) -> Count:
    """Runs lanes of commands at the same time, those of one lane in turn; for commands that keep one core busy."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        counts = pool.map(lambda lane: sum((command() for command in lane), start=Count()), lanes)
        return sum(counts, start=Count())


def environment_of(venv: Path | None) -> dict[str, str]:
    """The caller's environment without what would leak another Python into it, with `venv` activated."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("PYTHON", "FASTCONV", "PTXSIM", "VIRTUAL_ENV"))
    }
    if "FASTCONV_TEST_DATA" in os.environ:
        kept["FASTCONV_TEST_DATA"] = os.environ["FASTCONV_TEST_DATA"]
    if venv:
        kept |= {"VIRTUAL_ENV": str(venv), "PATH": f"{venv / 'bin'}{os.pathsep}{kept['PATH']}"}
    return kept


def must(command: list[str], **kwargs: Path) -> None:
    if run(command, **kwargs).failed:
        sys.exit(f".ci/run: {' '.join(command)} failed; nothing can be tested without it\n0 passed, 1 failed")


def virtual_environment(venv: Path, *groups: str) -> None:
    """Makes the environment with the dependency groups, once for each text of pyproject.toml."""
    mark = venv / "groups"
    wanted = f"{' '.join(groups)}\n{(ROOT / 'pyproject.toml').read_text(encoding='utf-8')}"
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return
    must([sys.executable, "-m", "venv", "--clear", str(venv)])
    python = str(venv / "bin" / "python")
    # Dependency groups came with pip 25.1.
    must([python, "-m", "pip", "install", "-q", "--upgrade", "pip>=25.1"], venv=venv)
    must([python, "-m", "pip", "install", "-q", *(f"--group={group}" for group in groups)], venv=venv)
    mark.write_text(wanted, encoding="utf-8")


def system_packages() -> None:
    """Debian's packages for what no Python package brings."""
    needed = {"g++": "g++", "git": "git", "objdump": "binutils"}
    missing = [package for tool, package in needed.items() if not shutil.which(tool)]
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        sys.exit(f".ci/run: install {', '.join(missing)}\n0 passed, 1 failed")
    must(["apt-get", "update", "-q"])
    must(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing])


@cache
def wheel() -> Path:
    """The wheel of the checkout, built anew in each run: nothing tells whether an older one is current."""
    virtual_environment(VENV, "test", "dev")
    shutil.rmtree(DIST, ignore_errors=True)
    must(["python", "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(DIST), "."], venv=VENV)
    return next(DIST.glob("*.whl"))


def size(built: Path, largest: int) -> Count:
    """Whether a wheel is as small as it has to be."""
    came = built.stat().st_size
    print(f"{built.name}: {came:,} bytes, at most {largest:,}", flush=True)
    return Count(int(came <= largest), int(came > largest))


def without_nvcc(venv: Path) -> dict[str, str]:
    """Variables that leave NVIDIA's packages in `venv` as the only CUDA that is found."""
    path = environment_of(venv)["PATH"].split(os.pathsep)
    packages = next((venv / "lib").glob("python*")) / "site-packages" / "nvidia" / "cu13"
    return {
        "PATH": os.pathsep.join(folder for folder in path if not Path(folder, "nvcc").exists()),
        "CUDA_HOME": str(packages),
        "NVCC": str(packages / "bin" / "nvcc"),
        "CUDA_PATH": "",
        "CUDACXX": "",
    }


# Stages


def quick_start() -> Count:
    """The README's quick start, as a newcomer would try it."""
    if NEWCOMER.is_file():
        return run([sys.executable, str(NEWCOMER), "--only", "quick", "--quick-limit", "1200"])
    with tempfile.TemporaryDirectory() as top:
        clone, venv = Path(top) / "clone", Path(top) / "venv"
        must(["git", "clone", "-q", str(ROOT), str(clone)])
        must([sys.executable, "-m", "venv", str(venv)])
        return run(f"cd '{clone}'\n{readme_block('Quick start')}", venv=venv)


def readme_tests() -> Count:
    """The README's test command."""
    virtual_environment(VENV, "test", "dev")
    return run(readme_block("Tests"), venv=VENV, counted=True, FASTCONV_REQUIRE_DATA="1")


def style() -> Count:
    """ruff, mypy, clang-format, import directions."""
    virtual_environment(VENV, "test", "dev")
    sources = "git ls-files '*.cpp' '*.h' '*.cu' '*.cuh'"
    return sum(
        (
            run("ruff check .", venv=VENV),
            run("ruff format --check .", venv=VENV),
            run("mypy", venv=VENV),
            run(f"{sources} | xargs clang-format --dry-run -Werror", venv=VENV),
        ),
        start=Count(),
    )


def packaging() -> Count:
    """The wheel: its size, what it holds, and the generated page that describes its kernels."""
    built = wheel()
    install = f"pip install -q --force-reinstall --no-deps '{built}' && pip install -q '{built}'"
    return (
        size(built, LARGEST_WHEEL)
        + run(install, venv=VENV)
        + run("python scripts/primitives_page.py --check", venv=VENV)
        + run(
            "python -m pytest -q tests/test_packaging.py tests/test_import_directions.py",
            venv=VENV,
            counted=True,
        )
        + run("fastconv env", venv=VENV)
    )


def peers() -> Count:
    """Parity with PyTorch and with Keras on TensorFlow."""
    built = wheel()
    virtual_environment(PEERS, "test", "peers")
    return run(
        f"pip install -q --force-reinstall --no-deps '{built}' && pip install -q '{built}'", venv=PEERS
    ) + run(
        f"python -m pytest -q -k '{PEER_TESTS}'",
        venv=PEERS,
        counted=True,
        FASTCONV_REQUIRE_PEERS="1",
        FASTCONV_REQUIRE_DATA="1",
    )


def sanitizers() -> Count:
    """The native runner under the address, undefined-behaviour and thread sanitizers."""
    built = wheel()
    # The package writes the cases that the runner reads.
    install = f"pip install -q --force-reinstall --no-deps '{built}' && pip install -q '{built}' cmake ninja"
    return run(install, venv=VENV) + run("scripts/sanitize", venv=VENV, counted=True)


def cuda() -> Count:
    """The CUDA kernels: built by the compiler from PyPI and no other, proven on the emulated runtime."""
    virtual_environment(CUDA, "test")
    alone = without_nvcc(CUDA)
    shutil.rmtree(CUDA_DIST, ignore_errors=True)
    # The native runner comes along; the wheel does not hold it.
    defines = "-C cmake.define.FASTCONV_SYSTEM_NVCC=OFF -C cmake.define.FASTCONV_RUNNER=ON"
    make = f"pip wheel -q --no-deps --wheel-dir '{CUDA_DIST}' {defines} ."
    if (made := run(make, venv=CUDA, FASTCONV_CUDA="ON", **alone)).failed:
        return made
    built = next(CUDA_DIST.glob("*.whl"))
    install = (
        f"pip install -q --force-reinstall --no-deps '{built}' && pip install -q '{built}[cuda-dev]' cmake"
    )

    def emulated(tests: str, **checkers: str) -> Callable[[], Count]:
        command = f"python -m pytest -q --cuda=emulated {tests}"
        variables = {"FASTCONV_REQUIRE_CUDA": "1", **alone, **checkers}
        return lambda: run(command, venv=CUDA, counted=True, at_once=False, **variables)

    turn = number_of_commit()
    order = str(turn % 1000 + 1)
    checks = {"PTXSIM_CHECK": CHECKERS, "PTXSIM_ORDER": order, "PTXSIM_STRICT": "1"}
    mutate = f"scripts/mutate-cuda --turn {turn}"
    everything = "tests/primitives tests/cuda -k cuda"
    return (
        made
        + size(built, LARGEST_CUDA_WHEEL)
        + run(install, venv=CUDA)
        + run("python scripts/primitives_page.py --check", venv=CUDA)
        + emulated("tests/test_packaging.py")()
        + side_by_side(
            [emulated(everything, **checks)],
            [
                emulated("tests/tools --slow"),
                emulated(everything),
                emulated(everything, PTXSIM_LAZY=order),
                emulated("tests/native -k cuda"),
                emulated("tests/data/test_augment.py tests/runtime/test_exchange.py"),
                emulated("tests/preprocessing -k cuda"),
                lambda: run(mutate, venv=CUDA, counted=True, at_once=False, **alone),
            ],
        )
    )


STAGES: dict[str, Callable[[], Count]] = {
    "quick-start": quick_start,
    "tests": readme_tests,
    "style": style,
    "packaging": packaging,
    "peers": peers,
    "sanitizers": sanitizers,
    "cuda": cuda,
}


def readme_block(heading: str) -> str:
    """The first bash block below a heading of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^##+ {re.escape(heading)}\s*$.*?^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    if not found:
        sys.exit(f"README.md: no bash block below the heading '{heading}'\n0 passed, 1 failed")
    return found[1]


# What has passed already


def commit() -> str | None:
    """The commit that is checked out; None when something is not committed."""
    git = ["git", "-C", str(ROOT)]
    if subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout:
        return None
    return subprocess.run(
        [*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def number_of_commit() -> int:
    """How many commits lead to the one that is checked out: what is done in turns takes its turn from it."""
    count = ["git", "-C", str(ROOT), "rev-list", "--count", "HEAD"]
    return int(subprocess.run(count, capture_output=True, text=True, check=True).stdout)


def remembered(stage: str, at: str | None) -> Count | None:
    path = STATE / str(at) / f"{stage}.json"
    return Count(**json.loads(path.read_text(encoding="utf-8"))) if at and path.is_file() else None


def remember(stage: str, at: str | None, count: Count) -> None:
    if at and not count.failed:
        (STATE / at).mkdir(parents=True, exist_ok=True)
        (STATE / at / f"{stage}.json").write_text(json.dumps(count._asdict()), encoding="utf-8")


def perform(stages: Iterable[str], again: bool) -> Count:
    at, total, lines = commit(), Count(), []
    for stage in stages:
        start = time.monotonic()
        count = None if again else remembered(stage, at)
        note = "passed before, at this commit"
        if count is None:
            print(f"\n=== {stage}: {STAGES[stage].__doc__}", flush=True)
            count = STAGES[stage]()
            note = f"{time.monotonic() - start:.0f} s"
            remember(stage, at, count)
        total += count
        lines.append(f"{stage:12} {count.passed:6} passed {count.failed:4} failed   {note}")
        print(f"=== {lines[-1]}", flush=True)
    print("", *lines, sep="\n")
    return total


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"of {', '.join(STAGES)}")
    parser.add_argument("--list", action="store_true", help="print the stages' names")
    parser.add_argument("--again", action="store_true", help="also run what has passed at this commit")
    arguments = parser.parse_args()
    if arguments.list:
        print(*STAGES, sep="\n")
        return 0
    if unknown := [stage for stage in arguments.stages if stage not in STAGES]:
        parser.error(f"no stage {', '.join(unknown)}; there are {', '.join(STAGES)}")
    system_packages()
    total = perform(arguments.stages or STAGES, arguments.again)
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""`fastconv env`, `fastconv check FOLDER`, `fastconv shrink FOLDER OUT`: the same as `python -m fastconv ...`."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from fastconv.runtime.errors import FastconvError

_BASE = ("numpy", "pillow", "safetensors", "tqdm", "pooch")
_EXTRAS = {"h5": ("h5py",), "viz": ("matplotlib",), "onnx": ("onnx",)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit status: 0 done, 1 something to mend, 2 misuse."""
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.command(parsed))
    except FastconvError as error:
        print(f"fastconv: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastconv", description="Looks at the installation and at image folders."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    env = commands.add_parser("env", help="what was found, what is missing, what to do: for a bug report")
    env.set_defaults(command=_env)
    check = commands.add_parser("check", help="list the images of a folder that cannot be read")
    check.add_argument("folder", help="any folder; those below it are looked at too")
    check.set_defaults(command=_check)
    shrink = commands.add_parser(
        "shrink", help="write a smaller copy of a folder: decoding large pictures costs time"
    )
    shrink.add_argument("folder", help="folder of images")
    shrink.add_argument("out", help="where the copy goes, with the same folders and names")
    shrink.add_argument("--size", type=_pixels, default=256, help="pixels on the shorter side (default 256)")
    shrink.set_defaults(command=_shrink)
    return parser


def _pixels(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of pixels from 1 up; came {text}")
    return int(text)


# fastconv env


class Finding(NamedTuple):
    """One line of the report; `todo` says what to do about it, if anything."""

    subject: str
    found: str
    todo: str = ""


def findings() -> list[Finding]:
    """Everything that a bug report about the installation needs."""
    rows = [
        Finding("fastconv", f"{_version('fastconv') or 'not installed'}, from {Path(__file__).parent}"),
        Finding("python", f"{platform.python_version()} {platform.python_implementation()}"),
        Finding("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
    ]
    return [*rows, *_native(), *_packages(), *_variables()]


def _env(_: argparse.Namespace) -> int:
    rows = findings()
    width = max(len(row.subject) for row in rows)
    for row in rows:
        print(f"{row.subject:{width}}  {row.found}")
    todo = [row for row in rows if row.todo]
    print("\nTo do:" if todo else "\nNothing is missing.")
    for row in todo:
        print(f"  {row.subject}: {row.todo}")
    return 0


def _native() -> Iterator[Finding]:
    try:
        from fastconv import _core
    except ImportError as error:
        yield Finding(
            "kernels", f"cannot be loaded: {error}", "Install again: pip install --force-reinstall fastconv"
        )
        return
    sets, best = _core.available_isas(), _core.available_isas()[-1]
    slower = "" if _core.isa() == best else f"FASTCONV_ISA asks for it; {best} is faster. Unset the variable."
    yield Finding("instruction set", f"{_core.isa()} (of {', '.join(sets)})", _core.isa_problem() or slower)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding("threads", f"{_core.thread_count()} (cores this process may use: {allowed})")
    yield from _devices()


def _devices() -> Iterator[Finding]:
    from fastconv.runtime import cuda
    from fastconv.runtime.device import default_device, device_names, get_device

    for name in device_names():
        if name == "cuda":
            yield from (Finding(*row) for row in cuda.findings())
            continue
        try:
            get_device(name)
            state, todo = "usable", ""
        except FastconvError as error:
            state, todo = "not usable", str(error)
        default = ", the default" if name == default_device() else ""
        yield Finding(f"device {name}", f"{state}{default}", todo)


def _packages() -> Iterator[Finding]:
    for package in _BASE:
        version = _version(package)
        yield Finding(package, version or "missing", "" if version else f"pip install {package}")
    for extra, packages in _EXTRAS.items():
        have = [f"{package} {_version(package)}" for package in packages if _version(package)]
        found = ", ".join(have) or f"not installed (only when it is needed: pip install 'fastconv[{extra}]')"
        yield Finding(f"extra {extra}", found)


def _variables() -> Iterator[Finding]:
    for name in sorted(os.environ):
        if name.startswith("FASTCONV_"):
            yield Finding(name, repr(os.environ[name]))


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


# fastconv check, fastconv shrink


def _check(arguments: argparse.Namespace) -> int:
    from fastconv.data.decode import read_image
    from fastconv.data.folder import index_folder

    index = index_folder(arguments.folder, labels=None)
    damaged = _each(index, lambda name: read_image(str(Path(arguments.folder) / name)))
    for name, reason in damaged:
        print(f"{name}: {reason}")
    print(f"{len(damaged)} of {len(index):,} images cannot be read.")
    return 1 if damaged else 0


def _shrink(arguments: argparse.Namespace) -> int:
    from fastconv.data.folder import index_folder

    source, target = Path(arguments.folder), Path(arguments.out)
    if target.resolve() == source.resolve() or source.resolve() in target.resolve().parents:
        print(f"fastconv: '{target}' lies in '{source}'. Give a folder outside of it.", file=sys.stderr)
        return 1
    index = index_folder(source, labels=None)
    try:
        damaged = _each(index, lambda name: _write_smaller(source / name, target / name, arguments.size))
    except OSError as error:
        print(f"fastconv: cannot write below '{target}': {error.strerror}.", file=sys.stderr)
        return 1
    for name, reason in damaged:
        print(f"left out {name}: {reason}")
    print(
        f"{len(index) - len(damaged):,} images with {arguments.size} pixels on the shorter side are in '{target}'."
    )
    return 1 if damaged else 0


def _each(index: Any, work: Callable[[str], object]) -> list[tuple[str, str]]:
    """Does `work` on every image, on all cores; names and reasons of those that cannot be read."""
    from fastconv.data.decode import DamagedImage

    def attempt(name: str) -> tuple[str, str] | None:
        try:
            work(name)
        except DamagedImage as error:
            return name, str(error)
        return None

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [failed for failed in pool.map(attempt, index.filenames) if failed]


def _write_smaller(source: Path, target: Path, size: int) -> None:
    """The picture as it is displayed, its shorter side at most `size`; never enlarged."""
    from fastconv.data.decode import read_image
    from fastconv.data.resize import pillow_resize

    picture: Any = read_image(str(source))
    scale = min(1.0, size / min(picture.size))
    smaller = pillow_resize(picture, (round(picture.height * scale), round(picture.width * scale)), "lanczos")
    target.parent.mkdir(parents=True, exist_ok=True)
    suffix = target.suffix.lower()
    if suffix in (".jpg", ".jpeg"):
        smaller.save(target, "JPEG", quality=90)
    else:  # PNG loses nothing, and the whole old name keeps a.bmp and a.gif apart
        smaller.save(target if suffix == ".png" else target.with_name(target.name + ".png"), "PNG")

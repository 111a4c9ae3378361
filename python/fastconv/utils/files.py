"""Fetching files."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

from fastconv.runtime.errors import ArgumentError, DataError


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Path of a file from the net, fetched once: to a temporary name, hashed, then renamed.

    Args:  fname: name in the cache, default the last part of the address.  origin: the address.
        file_hash: expected hash (SHA-256, or MD5 by its length); md5_hash is the older spelling.
        cache_subdir: folder below `cache_dir`, default "datasets".  cache_dir: default FASTCONV_HOME, else
        ~/.fastconv.  extract (or untar): unpacks beside it and gives the path of the folder.
        force_download: fetches again.
    Raises:  ArgumentError: no origin.  DataError: it cannot be fetched, or has another hash; the message holds the
        address and the place where to put the file by hand.
    """
    if not origin:
        raise ArgumentError("get_file: expected origin, the address of the file; came none.")
    folder = Path(cache_dir or os.environ.get("FASTCONV_HOME") or Path.home() / ".fastconv").expanduser()
    folder = folder / cache_subdir
    name = os.path.basename(fname or origin.split("?")[0].rstrip("/"))
    path = folder / name
    if force_download:
        path.unlink(missing_ok=True)
    _fetch(origin, path, _known_hash(file_hash or md5_hash, hash_algorithm))
    if not (extract or untar):
        return str(path)
    return str(_unpacked(path, archive_format))


def _known_hash(value: str | None, algorithm: str) -> str | None:
    if value is None:
        return None
    if algorithm == "auto":
        algorithm = "md5" if len(value) == 32 else "sha256"
    return f"{algorithm}:{value}"


def _fetch(origin: str, path: Path, known_hash: str | None) -> None:
    import pooch

    quiet = pooch.get_logger()
    level = quiet.level
    quiet.setLevel("WARNING")
    try:
        pooch.retrieve(origin, known_hash=known_hash, fname=path.name, path=path.parent)
    except (OSError, ValueError) as error:
        raise DataError(
            f"get_file: '{origin}' could not be fetched: {error}. Fetch it by hand and put it at '{path}'."
        ) from error
    finally:
        quiet.setLevel(level)


def _unpacked(path: Path, archive_format: str) -> Path:
    stem = path.name
    for ending in (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip"):
        stem = stem.removesuffix(ending)
    target = path.with_name(stem if stem != path.name else stem + "_extracted")
    if target.is_dir():
        return target
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    options: dict[str, Any] = {} if archive_format == "auto" else {"format": archive_format}
    try:
        if path.suffix != ".zip":
            options["filter"] = "data"  # no links or paths out of the folder
        shutil.unpack_archive(path, partial, **options)
    except (shutil.ReadError, tarfile.TarError, ValueError, OSError) as error:
        raise DataError(
            f"get_file: '{path}' cannot be unpacked: {error}. Delete it; it will be fetched again."
        ) from error
    partial.rename(target)
    return target

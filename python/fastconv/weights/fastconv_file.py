"""`.fastconv`: a safetensors file whose metadata holds everything else about a model.

Layout (safetensors): 8 bytes, little endian: length of the header; the header, JSON: name -> dtype, shape, place, and
under `__metadata__` strings; then the tensors.  Our metadata has one string, `fastconv`, itself JSON, and `sha256`
over the header's other entries and the tensors' bytes.  Everything is checked before it is believed: sizes before
memory is taken, the digest before a weight is touched.  Nothing in a file is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fastconv.runtime.errors import WeightsError

FORMAT_VERSION = 1
LARGEST_HEADER = 100_000_000  # bytes; what safetensors itself accepts
_dtypes: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}

# How files begin that are taken for ours.
_others = {
    b"\x89HDF": "an HDF5 file (Keras's .h5)",
    b"PK\x03\x04": "a zip archive (Keras's .keras, NumPy's .npz or PyTorch's .pt)",
    b"\x93NUMPY": "a NumPy file (.npy)",
    b"\x80\x02": "a pickle, which may hold any program",
    b"\x80\x03": "a pickle, which may hold any program",
    b"\x80\x04": "a pickle, which may hold any program",
    b"\x80\x05": "a pickle, which may hold any program",
}


def write(path: Any, tensors: Mapping[str, np.ndarray], description: Mapping[str, Any]) -> None:
    """Writes a file at once or not at all: a temporary name, flushed, then renamed.

    Args:  tensors: by name.  description: plain data; the format's version and the digest are added.
    Raises:  WeightsError: the folder cannot be written to, or the disk is full; an older file stays as it was.
    """
    from safetensors.numpy import save

    arrays = {name: np.ascontiguousarray(value).reshape(value.shape) for name, value in tensors.items()}
    text = json.dumps({"version": FORMAT_VERSION, **description})
    metadata = {"format": "fastconv", "fastconv": text, "sha256": digest(arrays, text)}
    target = Path(path)
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(save(arrays, metadata))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _usual_mode())
        os.replace(temporary, target)
        _flush_folder(target.parent)
    except OSError as error:
        raise WeightsError(
            f"'{path}': cannot be written ({error.strerror or error}). Choose another folder, or make room; "
            "an older file of this name is as it was."
        ) from None
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


def _usual_mode() -> int:
    """The mode that `open` would give: mkstemp's is for the owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _flush_folder(folder: Path) -> None:
    """The renaming itself reaches the disk; not every system can flush a folder."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def digest(tensors: Mapping[str, np.ndarray], text: str) -> str:
    """SHA-256 over the description and every tensor's name, dtype, shape and bytes, by name."""
    sha = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        value = tensors[name]
        sha.update(f"\0{name}\0{value.dtype.name}\0{value.shape}\0".encode())
        sha.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
    return sha.hexdigest()


def read(path: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Tensors and description of a file.

    Raises:  WeightsError: no such file, none of ours, cut off, changed, or of a newer version.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            header = _header(path, file, size)
            entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
            start = file.tell()
            places = _places(path, entries, size - start)
            tensors = {name: _tensor(path, file, start, place) for name, place in places.items()}
    except OSError as error:
        raise WeightsError(f"'{path}': cannot be read ({error.strerror or error}). Check the name.") from None
    metadata = header.get("__metadata__")
    text = metadata.get("fastconv") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(text, str):
        raise WeightsError(
            f"'{path}': expected a file written by model.save(); it is a safetensors file of another program. "
            "Build the model in code and load the weights by name."
        )
    if set(metadata) != {"format", "fastconv", "sha256"} or metadata["format"] != "fastconv":
        raise _damaged(path, "its header names other entries than ours")
    if metadata.get("sha256") != digest(tensors, text):
        raise _damaged(path, "its contents do not match their checksum, a bit has changed")
    description = _parsed(path, text)
    _check_version(path, description)
    return tensors, description


def _header(path: Any, file: Any, size: int) -> dict[str, Any]:
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if size < 8 or length > LARGEST_HEADER:  # a shorter one might begin with any of these bytes
        kind = next((kind for beginning, kind in _others.items() if first.startswith(beginning)), None)
        if kind is not None:
            raise WeightsError(
                f"'{path}': expected a .fastconv file; it is {kind}. Build the model in code, open the file with the "
                "program that wrote it, and hand its arrays to model.set_weights."
            )
    if size < 8:
        raise _damaged(path, f"it has {size} bytes and no header")
    if length > LARGEST_HEADER:
        raise WeightsError(
            f"'{path}': expected a .fastconv file (safetensors); its first bytes say a header of {length:,} bytes. "
            "Is it a file of another format?"
        )
    if length > size - 8:
        raise _damaged(path, f"its header wants {length:,} bytes, the file has {size:,}: it was cut off")
    return _parsed(path, file.read(length))


def _parsed(path: Any, text: Any) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _damaged(path, "its header is no JSON object")
    return value


def _places(
    path: Any, entries: dict[str, Any], room: int
) -> dict[str, tuple[Any, tuple[int, ...], int, int]]:
    """(dtype, shape, begin, end) by name: every number checked, no byte used twice, none left over."""
    places = {}
    for name, entry in entries.items():
        try:
            dtype = _dtypes[entry["dtype"]]
            shape = tuple(entry["shape"])
            begin, end = entry["data_offsets"]
        except (KeyError, TypeError, ValueError):
            raise _damaged(path, f"the entry of tensor {name!r} is incomplete") from None
        if not all(type(n) is int and 0 <= n <= room for n in (*shape, begin, end)):
            raise _damaged(path, f"the entry of tensor {name!r} holds impossible numbers")
        if begin > end or end - begin != math.prod(shape) * dtype.itemsize:
            raise _damaged(path, f"tensor {name!r} of shape {shape} does not fit bytes {begin} to {end}")
        places[name] = (dtype, shape, begin, end)
    at = 0
    for name, (_, _, begin, end) in sorted(places.items(), key=lambda item: item[1][2:]):
        if begin != at:
            raise _damaged(path, f"the bytes of tensor {name!r} begin at {begin}, expected {at}")
        at = end
    if at != room:
        what = "it was cut off" if at > room else "something was added"
        raise _damaged(path, f"its tensors want {at:,} bytes, the file has {room:,}: {what}")
    return places


def _tensor(path: Any, file: Any, start: int, place: tuple[Any, tuple[int, ...], int, int]) -> np.ndarray:
    dtype, shape, begin, end = place
    file.seek(start + begin)
    data = file.read(end - begin)
    if len(data) != end - begin:
        raise _damaged(path, "it ended while it was read")
    return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _check_version(path: Any, description: dict[str, Any]) -> None:
    version = description.get("version")
    if type(version) is not int or version < 1:
        raise _damaged(path, "it names no version")
    if version > FORMAT_VERSION:
        raise WeightsError(
            f"'{path}': expected a file of version {FORMAT_VERSION} or older; came version {version}, written by a newer "
            "fastconv. Update: pip install -U fastconv."
        )


def _damaged(path: Any, why: str) -> WeightsError:
    return WeightsError(
        f"'{path}': damaged: {why}. Nothing was loaded. Take a copy from before, or train and save again."
    )

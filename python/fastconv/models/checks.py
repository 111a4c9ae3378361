"""What `fit` and `evaluate` look at before the first step: images, labels, loss and last layer together.

An error where the program cannot mean what it says, a warning (once a model) where it runs but probably goes wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fastconv.models.output_checks import Output, check_output, warn_once
from fastconv.runtime.errors import DataError, NonFiniteData

_CHUNK_BYTES = 1 << 24  # looked at for NaN in one go
_NAMED_FILES = 3
_OTHER_SCALE = 20.0  # times as large as in training: pixels that were rescaled in one place only
_UNSCALED = 20.0  # inputs beyond it are no scaled pixels
_SCALING_LAYERS = ("Rescaling", "Normalization", "BatchNormalization", "Operation")


def check_fit(
    model: Any,
    x: Any,
    y: Any,
    sample_weight: Any = None,
    loss: Any = None,
    output_specs: Any = None,
    last_layer: Any = None,
    where: str = "fit",
    files: Sequence[str] | None = None,
) -> None:
    """Checks data against loss and last layer; of a generator, its first batch.

    Args:  model: for the layers' names.  x, y, sample_weight: arrays, or lists or dicts of them.  loss: a Loss, or one
        an output (list or dict).  output_specs: shape and dtype of each output.  last_layer: the layer that makes
        each output.  where: the user's call, for messages.  files: names of the images of x, for messages.
    Raises:  DataError, ShapeError: what does not fit, and where.  Warns FastconvWarning.
    """
    images = _inputs(model, x)
    for name, values in images:
        check_images(where, name, values, files)
    labels = _listed(y) if y is not None else []
    weights = _listed(sample_weight) if sample_weight is not None else []
    _check_counts(where, images, labels, weights)
    for name, values in weights:
        _check_weights(where, name, values)
    for name, values in labels:
        check_label_type(where, name, values)
    specs, losses, layers = _listed(output_specs), _listed(loss), _listed(last_layer)
    if not (len(labels) == len(specs) == len(losses) == len(layers)):
        return
    keys = [key for key, _ in specs] if isinstance(output_specs, Mapping) else None
    for i, (name, values) in enumerate(_ordered(labels, keys)):
        check_output(
            Output(
                model,
                where,
                name,
                np.asarray(values),
                _ordered(losses, keys)[i][1],
                specs[i][1],
                _ordered(layers, keys)[i][1],
            )
        )


def _listed(values: Any) -> list[tuple[str, Any]]:
    """(suffix for messages or key, value) of one value, a list or a dict; a list of numbers is one array."""
    if isinstance(values, Mapping):
        return list(values.items())
    if isinstance(values, (list, tuple)) and not _is_spec(values) and any(_is_whole(v) for v in values):
        return [(str(i) if len(values) > 1 else "", v) for i, v in enumerate(values)]
    return [("", values)]


def _inputs(model: Any, x: Any) -> list[tuple[str, Any]]:
    """The inputs by name; a list given to a model of one input is its images."""
    described = getattr(model, "_graph", True) is not None  # a class of the user's own knows none
    if (
        isinstance(x, (list, tuple))
        and len(x) > 1
        and described
        and len(getattr(model, "inputs", None) or [x]) == 1
    ):
        return [("", x)]
    return _listed(x)


def _is_spec(value: Any) -> bool:
    return hasattr(value, "_fields")


def _is_whole(value: Any) -> bool:
    """Something with a shape, or an object of ours: an element of a list of arrays, specs, losses or layers."""
    if hasattr(value, "shape") and not _is_spec(value):
        return len(value.shape) > 0
    return _is_spec(value) or not isinstance(value, (int, float, str, list, tuple, bool))


def _ordered(pairs: list[tuple[str, Any]], keys: list[str] | None) -> list[tuple[str, Any]]:
    if keys is None or {key for key, _ in pairs} != set(keys):
        return pairs
    found = dict(pairs)
    return [(key, found[key]) for key in keys]


def _named(symbol: str, key: str) -> str:
    """'x' of the only input, "x['left']" or 'x[1]' of several."""
    if not key:
        return symbol
    return f"{symbol}[{key}]" if key.isdigit() else f"{symbol}[{key!r}]"


def split_batch(batch: Any, where: str = "fit") -> tuple[Any, Any, Any]:
    """(x, y, weights or None) of what a generator yielded.

    Raises:  DataError: it yielded something else.
    """
    if isinstance(batch, (tuple, list)) and len(batch) in (2, 3):
        x, y, *weights = batch
        return x, y, weights[0] if weights else None
    raise DataError(
        f"{where}: expected a generator that yields (x, y) or (x, y, weights); it yielded {_described(batch)}. "
        "Labels are missing: with flow_from_directory use class_mode='binary' or 'categorical'."
    )


def _described(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {'tuple' if isinstance(value, tuple) else 'list'} of {len(value)}"
    if hasattr(value, "shape"):
        return f"one array {tuple(value.shape)}"
    return f"a {type(value).__name__}"


# Images


def check_images(where: str, key: str, values: Any, files: Sequence[str] | None = None) -> None:
    """One regular array of finite numbers."""
    name = _named("x", key)
    if isinstance(values, (list, tuple)):
        shapes = {np.shape(v) for v in values}
        if len(shapes) > 1:
            raise DataError(_ragged(where, name, f"a list of images of {len(shapes)} sizes"))
    values = np.asarray(values)
    if values.dtype == object:
        sizes = len({np.shape(v) for v in values.ravel()})
        raise DataError(_ragged(where, name, f"dtype object, images of {sizes} sizes"))
    if values.dtype.kind in "US":
        raise DataError(
            f"{where}: expected {name} to hold numbers; came text ({str(values.ravel()[0])!r}). "
            "Load the images first, e.g. with image_dataset_from_directory or flow_from_directory."
        )
    if values.dtype.kind not in "fiub":
        raise DataError(
            f"{where}: expected {name} to hold numbers; came dtype {values.dtype.name}. Convert it, e.g. with astype('float32')."
        )
    if values.dtype.kind == "f":
        _check_finite(where, name, values, files)


def unscaled(model: Any, x: Any) -> tuple[float, float] | None:
    """The range of an input that is large and that no layer scales; None of all others."""
    if any(type(layer).__name__ in _SCALING_LAYERS for layer in model._flattened()):
        return None
    low, high = (float(f(np.asarray(x))) for f in (np.min, np.max))
    return (low, high) if max(-low, high) > _UNSCALED else None


def warn_of_raw_pixels(model: Any, where: str, x: Any) -> None:
    """Warns of bytes in front of a new model; one whose `call` is the user's own may scale them there."""
    if np.ndim(x) != 4 or model._graph is None or model._epochs_done:
        return
    found = unscaled(model, x)
    if found is not None and found[0] >= 0 and found[1] <= 255:
        low, high = found
        warn_once(
            model,
            f"{where}: expected pictures of about 0..1; the first are {low:g}..{high:g}, from which a new model seldom "
            "learns. Use rescale=1/255, or begin the model with Rescaling(1/255).",
        )


def largest_pixel(x: Any) -> float | None:
    """The largest magnitude of pictures; None of other data, and of nothing but zeros."""
    return (float(np.max(np.abs(np.asarray(x, np.float32)))) or None) if np.ndim(x) == 4 else None


def warn_of_other_scale(model: Any, where: str, x: Any) -> None:
    """Warns of pictures in another range than those that the model was trained on."""
    trained, now = model._largest_trained, largest_pixel(x)
    if trained is not None and now is not None and not trained / _OTHER_SCALE < now < trained * _OTHER_SCALE:
        warn_once(
            model,
            f"{where}: expected pictures as in training, where the first reach {trained:g}; the first here reach {now:g}. "
            "Use the same rescaling for both.",
        )


def _ragged(where: str, name: str, came: str) -> str:
    return (
        f"{where}: expected {name} to be one array of images of one size; came {came}. "
        "Resize them, e.g. load_img(path, target_size=(150, 150))."
    )


def _check_finite(where: str, name: str, values: np.ndarray, files: Sequence[str] | None) -> None:
    if not len(np.atleast_1d(values)):
        raise DataError(f"{where}: expected at least one sample; came {name} of shape {values.shape}.")
    samples = values.reshape(values.shape[0] if values.ndim else 1, -1)
    step = max(1, _CHUNK_BYTES // max(1, samples.shape[1] * samples.itemsize))
    for start in range(0, len(samples), step):
        chunk = samples[start : start + step]
        # The sum of finite numbers is finite (or overflows: then the exact look below finds nothing).
        with np.errstate(over="ignore", invalid="ignore"):
            suspicious = not np.isfinite(np.add.reduce(chunk, axis=None))
        if suspicious and not (fine := np.isfinite(chunk)).all():
            row = int(np.flatnonzero(~fine.all(axis=1))[0])
            nans = int(np.isnan(chunk[row]).sum())
            kind, count = ("NaN", nans) if nans else ("infinite values", int((~fine[row]).sum()))
            number = start + row
            file = f" ('{files[number]}')" if files is not None and number < len(files) else ""
            raise NonFiniteData(
                f"{where}: expected finite numbers in {name}; {name}[{number}]{file} holds {count} {kind}"
                f"{_other_files(fine, start, files)}. Remove the sample, or find out where it became so (a division by 0 in the rescaling?)."
            )


def _other_files(fine: np.ndarray, start: int, files: Sequence[str] | None) -> str:
    """The names of the other samples of the chunk that are not finite, where samples have names."""
    others = [int(row) + start for row in np.flatnonzero(~fine.all(axis=1))[1:]]
    names = [f"'{files[number]}'" for number in others if files is not None and number < len(files)]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED_FILES} more" if len(names) > _NAMED_FILES else ""
    return f"; so do {', '.join(names[:_NAMED_FILES])}{more}"


# Numbers of samples


def _check_counts(
    where: str, images: list[tuple[str, Any]], labels: list[tuple[str, Any]], weights: list[tuple[str, Any]]
) -> None:
    expected_name, expected = _named("x", images[0][0]), _count(images[0][1])
    others = [(_named("x", k), v) for k, v in images[1:]] + [(_named("y", k), v) for k, v in labels]
    others += [(_named("sample_weight", k), v) for k, v in weights]
    for name, values in others:
        if _count(values) != expected:
            raise DataError(
                f"{where}: expected as many samples everywhere; {expected_name} has {expected:,} samples, "
                f"{name} {_count(values):,}. Give each image its own entry."
            )


def _count(values: Any) -> int:
    shape = np.shape(values) if not isinstance(values, (list, tuple)) else (len(values),)
    return int(shape[0]) if shape else 1


def _check_weights(where: str, key: str, values: Any) -> None:
    name, array = _named("sample_weight", key), np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise DataError(
            f"{where}: expected {name} to hold numbers; came dtype {array.dtype.name}. Give one a sample."
        )
    fine = np.isfinite(array)
    if not fine.all():
        raise NonFiniteData(
            f"{where}: expected finite numbers in {name}; came {array[~fine][0]} (sample {int(np.argwhere(~fine)[0][0])}). "
            "Give 0 to samples that are not to count."
        )


# Labels


def check_label_type(where: str, key: str, values: Any) -> None:
    """Numbers, all finite."""
    name = _named("y", key)
    try:
        values = np.asarray(values)
    except ValueError:
        raise DataError(
            f"{where}: expected {name} to be one array of numbers; came rows of several lengths."
        ) from None
    if values.dtype.kind in "US" or (
        values.dtype == object and any(isinstance(v, str) for v in values.ravel())
    ):
        words = list(dict.fromkeys(str(v) for v in values.ravel()[:1000]))
        shown = ", ".join(repr(word) for word in words[:2]) + (", ..." if len(words) > 2 else "")
        raise DataError(
            f"{where}: expected {name} to hold numbers; came text ({shown}). "
            f"Map them: np.unique({name}, return_inverse=True)[1]."
        )
    if values.dtype == object:
        raise DataError(f"{where}: expected {name} to be one array of numbers; came dtype object.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        sample = int(np.argwhere(~np.isfinite(values))[0][0]) if values.ndim else 0
        raise NonFiniteData(
            f"{where}: expected finite numbers in {name}; came {values.ravel()[~np.isfinite(values.ravel())][0]} "
            f"(sample {sample}). Remove the sample or mend its label."
        )

"""From image files to batches.

The way of a picture: `folder` (which files, which classes) -> `decode` (RGB as displayed) -> `resize` (the named
filter) -> `augment` (one native pass) -> `reader` (batches, prepared ahead by threads) -> `feed` (with labels).
`ImageDataGenerator.flow_from_directory` and `utils.image_dataset_from_directory` are two faces of it.

What `fit`, `evaluate` and `predict` ask of a data object
---------------------------------------------------------
`epoch_batches(epoch, steps=None)`
    Iterator over the batches of an epoch (from 0): tuples (x,), (x, y) or (x, y, sample_weight) of NumPy arrays,
    which may have an attribute `files`: the names of the pictures in their rows, for messages.
    A function of (seed, epoch) alone: epoch 7 is the same whether or not epochs 0 to 6 ran before.  `steps` says
    how many batches make an epoch where that is not `len()`: epoch k then is batches k * steps to
    (k + 1) * steps - 1 of the passes in a row.  Closing the iterator ends its threads.
    A damaged file's place is taken by the next image of the pass.
`file_order()`
    The same data as another such object whose passes go through the files in order, without shuffling, and leave
    damaged files' rows out: for `evaluate` and `predict`.  After a pass, `filenames` and `classes` of both objects
    list exactly the rows that came.
`on_device(name)`
    The same data for a model there, or its own self: the x of a batch may then be an `Array` on that device.  Optional.
`samples`, `batch_size`, `len()`
    Images of a pass (readable or not), rows of a batch, batches of a pass.
`skipped`
    List of (file, reason) of the files found damaged so far; `checks.skipped_line(data)` makes the report's line.
    Above 5% of the images the iterator raises DataError.
`wait_s`
    Seconds for which the consumer has waited for data so far; the difference over an epoch is its share.
`class_names`, `augmentations`
    List of names or None; verbs such as "rotates" (empty when pictures are left as they are).
    `checks.check_validation(training, validation)` compares two objects by them.
"""

from fastconv.data.checks import check_validation, skipped_line, warn_of_shared_files
from fastconv.data.feed import Dataset, Feed

__all__ = ["Dataset", "Feed", "check_validation", "skipped_line", "warn_of_shared_files"]

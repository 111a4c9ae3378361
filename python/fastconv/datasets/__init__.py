"""Data for first programs: `mnist`, the digits from their files, and `drawings`, drawn cats and dogs."""

from fastconv.runtime.names import absent_names

__getattr__ = absent_names(
    __name__,
    ("drawings", "mnist"),
    "Photographs of your own come from utils.image_dataset_from_directory, arrays from np.load.",
)

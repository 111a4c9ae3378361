#!/usr/bin/env python3
"""The first convnet of a Keras course: handwritten digits, 28 by 28 pixels, ten classes.

    python examples/mnist.py [--data DIR] [--epochs 5] [--seeds 0 1 2]

DIR holds the four .gz files of MNIST as published.  Default: the folder `mnist` in $FASTCONV_TEST_DATA, else in
../shared/data beside the checkout.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

from fastconv import layers, models, utils
from fastconv.datasets import mnist


def build():
    return models.Sequential(
        [
            layers.Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def pixels(images):
    return images.reshape((-1, 28, 28, 1)).astype("float32") / 255


def train(seed, data, epochs, batch_size):
    """Test accuracy of one training, and the seconds an epoch."""
    (train_images, train_labels), (test_images, test_labels) = data
    utils.set_random_seed(seed)
    model = build()
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    model.fit(pixels(train_images), train_labels, epochs=epochs, batch_size=batch_size)
    seconds = (time.perf_counter() - start) / epochs
    _, accuracy = model.evaluate(pixels(test_images), test_labels, verbose=0)
    return accuracy, seconds


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    default = Path(os.environ.get("FASTCONV_TEST_DATA") or beside) / "mnist"
    parser.add_argument("--data", type=Path, default=default, help="folder with the four .gz files")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="trains once for each seed")
    arguments = parser.parse_args()
    try:
        data = mnist.load_data(arguments.data)
    except ValueError as error:
        sys.exit(f"{error}\nSay where they are: python examples/mnist.py --data DIR")
    accuracies = []
    for seed in arguments.seeds:
        accuracy, seconds = train(seed, data, arguments.epochs, arguments.batch_size)
        accuracies.append(accuracy)
        print(
            f"seed {seed}: test accuracy {accuracy:.4f} after {arguments.epochs} epochs, {seconds:.1f} s an epoch"
        )
    if len(accuracies) > 1:
        print(f"median of {len(accuracies)} seeds: {statistics.median(accuracies):.4f}")


if __name__ == "__main__":
    main()

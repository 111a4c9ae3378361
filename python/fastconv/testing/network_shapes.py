"""The convolutions of whole networks, for the benches and the slow tests.

VGG16: Simonyan and Zisserman 2015, 224x224.  ResNet-50: He et al. 2016, with the stride in the 3x3 (as torchvision
and Keras's ResNet-50 V1.5 have it), 224x224.  Course: conv 32-64-128-128 with 2x2 max pooling on 150x150.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastconv.testing.conv_cases import ConvShape


@dataclass(frozen=True)
class NetworkShape:
    """A convolution and how often it occurs in its network."""

    network: str
    conv: ConvShape
    times: int
    first: bool = False  # nobody asks for the gradient by the input


def _same(network: str, batch: int, size: int, c: int, k: int, kernel: int, stride: int, times: int,
          first: bool = False) -> NetworkShape:  # fmt: skip
    label = f"{network} {size}x{size} {c} to {k}, {kernel}x{kernel}" + (
        f" stride {stride}" if stride > 1 else ""
    )
    pad = kernel // 2
    shape = ConvShape(
        label, (batch, size, size, c), (kernel, kernel), k, stride=(stride, stride), padding=pad
    )
    return NetworkShape(network, shape, times, first)


def vgg16(batch: int = 8) -> list[NetworkShape]:
    """Nine shapes, thirteen convolutions."""
    rows = [(224, 3, 64, 1), (224, 64, 64, 1), (112, 64, 128, 1), (112, 128, 128, 1), (56, 128, 256, 1),
            (56, 256, 256, 2), (28, 256, 512, 1), (28, 512, 512, 2), (14, 512, 512, 3)]  # fmt: skip
    return [_same("vgg16", batch, size, c, k, 3, 1, times, c == 3) for size, c, k, times in rows]


def resnet50(batch: int = 8) -> list[NetworkShape]:
    """Twenty-three shapes, fifty-three convolutions."""
    rows = [_same("resnet50", batch, 224, 3, 64, 7, 2, 1, first=True)]
    size, c = 56, 64
    for stage, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
        stride, out = (1 if stage == 0 else 2), 4 * width
        rows.append(_same("resnet50", batch, size, c, width, 1, 1, 1))
        if stride == 2:
            rows.append(_same("resnet50", batch, size, width, width, 3, 2, 1))
        rows.append(_same("resnet50", batch, size, c, out, 1, stride, 1))
        size //= stride
        rows.append(_same("resnet50", batch, size, width, width, 3, 1, blocks - (stride == 2)))
        rows.append(_same("resnet50", batch, size, width, out, 1, 1, blocks))
        rows.append(_same("resnet50", batch, size, out, width, 1, 1, blocks - 1))
        c = out
    return _merged(rows)


def _merged(rows: list[NetworkShape]) -> list[NetworkShape]:
    merged: dict[str, NetworkShape] = {}
    for row in rows:
        times = row.times + (merged[row.conv.label].times if row.conv.label in merged else 0)
        merged[row.conv.label] = NetworkShape(row.network, row.conv, times, row.first)
    return list(merged.values())


def course(batch: int = 20) -> list[NetworkShape]:
    """The course's convnet on cats and dogs: valid 3x3 convolutions."""
    rows = [(150, 3, 32), (74, 32, 64), (36, 64, 128), (17, 128, 128)]
    return [
        NetworkShape(
            "course",
            ConvShape(f"course {size}x{size} {c} to {k}, 3x3", (batch, size, size, c), (3, 3), k),
            1,
            c == 3,
        )
        for size, c, k in rows
    ]


ALL = {"vgg16": vgg16, "resnet50": resnet50, "course": course}
# For the slow tests: one image is enough to meet every kernel's blocks.
NETWORKS = [row.conv for rows in (vgg16(1), resnet50(1), course(2)) for row in rows]

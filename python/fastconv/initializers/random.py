"""Random initialisers: uniform, normal, and those scaled by the number of inputs and outputs.

Every draw is a function of (seed, number of the weight since the seed was set) and the position of the element, so
that a program with `utils.set_random_seed` makes the same weights on every machine and with any number of threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastconv import _core
from fastconv.initializers.base import Initializer
from fastconv.runtime import keys
from fastconv.runtime.errors import ArgumentError

# Standard deviation of a normal variable of deviation 1 that is kept where |x| < 2:
# sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
TRUNCATED_DEVIATION = 0.87962566103423978
# Streams of initialisers with a seed of their own, apart from those of the order of creation.
_OWN_SEED = 1 << 63


class RandomInitializer(Initializer):
    """Base of the initialisers that draw.  With `seed`, each call gives the same values."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = None if seed is None else int(seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}

    def source(self) -> _Source:
        """Where the values of one weight are drawn from."""
        if self.seed is not None:
            return _Source(self.seed, _OWN_SEED)
        return _Source(keys.get_seed(), keys.next_creation() << 16)


class _Source:
    """Numbers of one weight; each draw takes a stream of its own."""

    def __init__(self, seed: int, stream: int) -> None:
        self._seed = seed & 0xFFFF_FFFF_FFFF_FFFF
        self._stream = stream

    def unit(self, count: int) -> np.ndarray:
        """Uniform in [0, 1), float32."""
        values = _core.random_uniform(self._seed, self._stream, count)
        self._stream += 1
        return values

    def normal(self, count: int) -> np.ndarray:
        """Mean 0, deviation 1, float64: the method of Box and Muller."""
        half = (count + 1) // 2
        radius = np.sqrt(-2.0 * np.log1p(-self.unit(half).astype(np.float64)))  # 1 - u is never 0
        angle = 2.0 * math.pi * self.unit(half).astype(np.float64)
        return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]

    def truncated_normal(self, count: int) -> np.ndarray:
        """Normal, drawn again (4.6% of the time) where it is further than 2 from the mean."""
        values = self.normal(count)
        while (outside := np.flatnonzero(np.abs(values) > 2.0)).size:
            values[outside] = self.normal(outside.size)
        return values


class RandomUniform(RandomInitializer):
    """Uniform between two limits.

    Args:  minval, maxval: limits, default -0.05 and 0.05 (Keras's).  seed: default follows `set_random_seed`.
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = float(minval), float(maxval)

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return _uniform(self.source(), shape, self.minval, self.maxval)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class RandomNormal(RandomInitializer):
    """Normal.

    Args:  mean: default 0.  stddev: default 0.05 (Keras's).  seed: default follows `set_random_seed`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = float(mean), float(stddev)

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return self.mean + self.stddev * self.draw(self.source(), math.prod(shape)).reshape(shape)

    @staticmethod
    def draw(source: _Source, count: int) -> np.ndarray:
        """`count` numbers of mean 0."""
        return source.normal(count)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """Normal without what is further than two deviations from the mean; so its own deviation is 0.88 `stddev`.

    Args:  mean: default 0.  stddev: before the cut, default 0.05 (Keras's).  seed: default follows `set_random_seed`.
    """

    @staticmethod
    def draw(source: _Source, count: int) -> np.ndarray:
        return source.truncated_normal(count)


class VarianceScaling(RandomInitializer):
    """Variance `scale / n`, where n is the number of inputs, of outputs, or their mean.

    Args:  scale: default 1.  mode: "fan_in" (default), "fan_out" or "fan_avg".
        distribution: "truncated_normal" (default; cut at two deviations and scaled up so that the variance is right),
        "untruncated_normal" or "uniform".  seed: default follows `set_random_seed`.
    Raises:  ArgumentError: an unknown mode or distribution, or a scale that is not above 0.
    """

    modes = ("fan_in", "fan_out", "fan_avg")
    distributions = ("truncated_normal", "untruncated_normal", "uniform")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if not scale > 0:
            raise ArgumentError(f"VarianceScaling: expected a scale above 0; came {scale}. The default is 1.")
        _one_of("mode", mode, self.modes)
        _one_of("distribution", distribution, self.distributions)
        self.scale, self.mode, self.distribution = float(scale), mode, distribution

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        variance = self.scale / self._fan(shape)
        source, count = self.source(), math.prod(shape)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return _uniform(source, shape, -limit, limit)
        deviation = math.sqrt(variance)
        if self.distribution == "untruncated_normal":
            return deviation * source.normal(count).reshape(shape)
        return deviation / TRUNCATED_DEVIATION * source.truncated_normal(count).reshape(shape)

    def _fan(self, shape: tuple[int, ...]) -> float:
        fan_in, fan_out = fans(shape)
        return max(
            1.0, {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        )

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


class _Scaled(VarianceScaling):
    """A rule with a name: only the seed is left to choose."""

    rule: tuple[float, str, str]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.rule, seed=seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class GlorotUniform(_Scaled):
    """Uniform within sqrt(6 / (inputs + outputs)) (Glorot, Bengio 2010): the default of Dense and Conv2D."""

    rule = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal of variance 2 / (inputs + outputs) (Glorot, Bengio 2010)."""

    rule = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform within sqrt(6 / inputs) (He and others 2015): made for layers with ReLU."""

    rule = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal of variance 2 / inputs (He and others 2015): made for layers with ReLU."""

    rule = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform within sqrt(3 / inputs) (LeCun and others 1998)."""

    rule = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal of variance 1 / inputs (LeCun and others 1998)."""

    rule = (1.0, "fan_in", "truncated_normal")


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Number of inputs and of outputs of a weight: the last two axes, times the pixels of a filter.

    >>> fans((3, 3, 16, 32))
    (144, 288)
    """
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    pixels = math.prod(shape[:-2])
    return pixels * shape[-2], pixels * shape[-1]


def _uniform(source: _Source, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
    values = source.unit(math.prod(shape)).reshape(shape)
    values *= np.float32(high - low)
    values += np.float32(low)
    return values


def _one_of(argument: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        expected = ", ".join(map(repr, allowed))
        raise ArgumentError(f"VarianceScaling: expected {argument} to be one of {expected}; came {value!r}.")

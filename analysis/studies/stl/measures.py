"""What is read off a run: plain functions of a row."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..study import Row

Measure = Callable[[Row], float]

#: Stages with neurons, by what they are called in tables.
LAYERS: Final[Mapping[str, str]] = MappingProxyType(
    {"conv_1": "convolution 1", "conv_2": "convolution 2", "dense_1": "dense", "output": "output"}
)


@dataclass(frozen=True)
class Noise:
    """A disturbance: its key in a row, what it is called, what its size is, and the sizes, the first of which is none."""

    name: str
    label: str
    size: str
    sizes: tuple[float, ...]


NOISES: Final = (
    Noise("salt", "salt and pepper", "share of pixels made black or white", (0.0, 0.1, 0.2, 0.4)),
    Noise("gaussian", "Gaussian noise", "standard deviation of the noise (white = 1)", (0.0, 0.2, 0.4, 0.8)),
    Noise("deletion", "loss of input spikes", "share of spikes that are lost", (0.0, 0.2, 0.4, 0.8)),
)


def at(*keys: str | int) -> Measure:
    """The number at this place of a row."""

    def measure(row: Row) -> float:
        value: Any = row
        for key in keys:
            value = value[key]
        return float(value)

    return measure


def loss_of_accuracy(noise: str) -> Measure:
    """By how much a disturbance lowers accuracy, on average over its sizes; on the same images as without."""

    def measure(row: Row) -> float:
        clean, *noisy = (measured["accuracy"] for measured in row["noise"][noise])
        return float(clean - np.mean(noisy))

    return measure


def rate_spread(row: Row) -> float:
    """Standard deviation of the layers' firing rates over their mean: 0 if all layers fire alike."""
    rates = np.array([row["layers"][name]["rate"] for name in LAYERS])
    return float(rates.std() / rates.mean())


def rates_in_last_epoch(row: Row) -> float:
    """By how much of itself a layer's firing rate changed in the last epoch, up or down; mean over layers."""
    before, after = np.array([row["layers"][name]["rates"][-2:] for name in LAYERS]).T
    return float(np.mean(np.abs(after - before) / after))


def less(rows: Sequence[Row], others: Sequence[Row], measure: Measure) -> list[float]:
    """``rows`` less ``others``, seed by seed, where both have the seed."""
    there = {row["seed"]: measure(row) for row in others}
    return [measure(row) - there[row["seed"]] for row in rows if row["seed"] in there]


def packed(numbers: NDArray[Any]) -> str:
    """Whole numbers from 0 to 255 as text."""
    return base64.b64encode(zlib.compress(np.rint(numbers).astype(np.uint8).tobytes(), 9)).decode()


def counts_of(row: Row) -> NDArray[np.float64]:
    """Output spikes for every test image and class, (image, class)."""
    return _unpacked(row["counts"]).reshape(row["n_test"], -1).astype(np.float64)


def labels_of(row: Row) -> NDArray[np.int64]:
    """Classes of the test images."""
    return _unpacked(row["labels"]).astype(np.int64)


def _unpacked(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)

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

#: Stages with neurons of the published depth, by what they are called in tables.
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


def loss_of_accuracy(noise: str, of: str = "noise") -> Measure:
    """By how much a disturbance lowers accuracy, on average over its sizes; on the same images as without.

    ``of`` is ``noise``, or ``set_back``: the same network with thresholds as they began.
    """

    def measure(row: Row) -> float:
        clean, *noisy = (measured["accuracy"] for measured in row[of][noise])
        return float(clean - np.mean(noisy))

    return measure


def spread(values: Sequence[float]) -> float:
    """Standard deviation over the mean; 0 if all are 0."""
    return float(np.std(values) / np.mean(values)) if np.any(values) else 0.0


def rate_spread(row: Row) -> float:
    """Spread of the layers' firing rates: 0 if all layers fire alike."""
    return spread([layer["rate"] for layer in _with_neurons(row)])


def mean_rate(row: Row) -> float:
    """Firing rate, mean over layers."""
    return float(np.mean([layer["rate"] for layer in _with_neurons(row)]))


def rates_in_last_epoch(row: Row) -> float:
    """By how much a layer's firing rate changed in the last epoch, of the higher of both; 0 if it is silent; mean over layers."""
    pairs = [layer["rates"][-2:] for layer in _with_neurons(row)]
    return float(np.mean([abs(after - before) / (max(before, after) or 1.0) for before, after in pairs]))


def energy(row: Row) -> float:
    """Energy of an image over that of a network without spikes and of the same shape, in which every synapse multiplies and adds once.

    An addition takes 0.9 pJ, a multiplication with it 4.6 pJ (32-bit floats at 45 nm, Horowitz 2014, ISSCC). Leaks and thresholds are left
    out.
    """
    return float(0.9 * row["operations"] / (4.6 * row["synapses"]))


def _with_neurons(row: Row) -> list[Row]:
    return [layer for layer in row["layers"].values() if "theta" in layer]


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

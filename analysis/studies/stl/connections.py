"""Convolutions, pooling and dense layers as lists of synapses: which unit reaches which, and with which weight. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .architecture import Conv, Dense, Pool, Stage

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Synapses:
    """Synapse k is from unit ``pre[k]`` to unit ``post[k]``; ``weight[k]`` says which entry of the flattened weights it has.

    Units of a map are numbered channel by channel, row by row. Pooling has no weights: its ``weight`` is 0 throughout.
    """

    pre: Indices
    post: Indices
    weight: Indices


def synapses_of(stage: Stage) -> Synapses:
    """The synapses onto a stage. What a convolution's padding would contribute is no synapse."""
    if isinstance(stage.part, Conv):
        return _convolution(stage, stage.part.kernel)
    if isinstance(stage.part, Pool):
        return _pooling(stage, stage.part.size)
    assert isinstance(stage.part, Dense)
    post, pre = np.divmod(np.arange(stage.n_post * stage.n_pre), stage.n_pre)
    return Synapses(pre, post, np.arange(pre.size))


@lru_cache(maxsize=32)
def fan_out(stage: Stage) -> Indices:
    """How many synapses each unit before a stage has onto it, (pre,)."""
    return np.bincount(synapses_of(stage).pre, minlength=stage.n_pre)


def _convolution(stage: Stage, kernel: int) -> Synapses:
    (channels, height, width), n_out = stage.before, stage.after[0]
    o, c, row, column, dy, dx = (
        axis.ravel() for axis in np.indices((n_out, channels, height, width, kernel, kernel), dtype=np.int32)
    )  # of the neuron: o, row, column
    above, left = row + dy - kernel // 2, column + dx - kernel // 2
    there = (above >= 0) & (above < height) & (left >= 0) & (left < width)
    pre = (c.astype(np.int64) * height + above) * width + left
    post = (o.astype(np.int64) * height + row) * width + column
    weight = ((o.astype(np.int64) * channels + c) * kernel + dy) * kernel + dx
    return Synapses(pre[there], post[there], weight[there])


def _pooling(stage: Stage, size: int) -> Synapses:
    (channels, height, width), (_, rows, columns) = stage.before, stage.after
    c, row, column, dy, dx = (axis.ravel().astype(np.int64) for axis in np.indices((channels, rows, columns, size, size)))
    pre = (c * height + row * size + dy) * width + column * size + dx
    post = (c * rows + row) * columns + column
    return Synapses(pre, post, np.zeros_like(pre))

"""Histograms of the learned time constants of a run, from epoch to epoch, for a page."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.checkpoint import Checkpoint
from ...spec import ParameterSlot
from ...spec.values import is_time_constant, used_entries
from ...training.time_constants import EDGES_S, Histograms, histogram
from .packing import Packer, Place


def pack_time_constants(
    packer: Packer, checkpoint: Checkpoint, initial: Checkpoint | None, kept: Histograms | None
) -> list[dict[str, Any]]:
    """Pack every trained time constant: its histogram at each epoch that is known, and of each neuron's own values at the end.

    Known are the epochs in ``kept``; without it the values before the training, if there is an ``initial`` network, and after it.
    """
    packed = []
    for key, slot in checkpoint.spec.slots.items():
        if not (slot.parameter.trainable and is_time_constant(slot)):
            continue
        values = np.asarray(checkpoint.values[key], dtype=np.float64)
        used = np.broadcast_to(used_entries(slot), values.shape)
        if kept is not None and key in kept.counts:
            epochs: list[int | None] = [*kept.epochs]
            counts = kept.counts[key]
        else:
            sides = [] if initial is None else [initial.values[key]]
            counts = np.array([histogram(np.asarray(side)[used]) for side in (*sides, values)])
            epochs = [*([0] if sides else []), _epoch(checkpoint)]
        known = {_epoch(checkpoint): values} | ({} if initial is None else {0: np.asarray(initial.values[key], dtype=np.float64)})
        exact = {epoch: 1e3 * float(np.median(of_epoch[used])) for epoch, of_epoch in known.items() if np.isfinite(of_epoch[used]).all()}
        begin, end = _used_bins(counts)
        owner, name = key.rsplit(".", 1)
        packed.append(
            {
                "name": name,
                "owner": owner,
                "population": owner.split(".")[0],
                "n_values": int(np.count_nonzero(used)),
                "median_ms": [exact.get(epoch, 1e3 * _median(row)) for epoch, row in zip(epochs, counts, strict=True)],
                "exact": [epoch in exact for epoch in epochs],
                "epochs": epochs,
                "kept": _epoch(checkpoint),
                "edges_ms": packer.add(1e3 * EDGES_S[begin : end + 1], "f4"),
                "counts": packer.add(counts[:, begin:end], "u4"),
                **_pack_own(packer, slot, values, used, begin, end),
            }
        )
    return packed


def _pack_own(
    packer: Packer, slot: ParameterSlot, values: NDArray[np.float64], used: NDArray[np.bool_], begin: int, end: int
) -> dict[str, Place]:
    """Each neuron's own: the histogram of its synapses' values, or the one value that it has."""
    if slot.parameter.axes == "layer":
        return {}
    if values.ndim == 1:
        return {"own_ms": packer.add(1e3 * np.where(np.isfinite(values), values, 0.0), "f4")}
    counts = np.array([histogram(row[mask]) for row, mask in zip(values, used, strict=True)])
    return {"own": packer.add(counts[:, begin:end], "u2")}


def _epoch(checkpoint: Checkpoint) -> int | None:
    """The epoch that the checkpoint is of; None for a network that was not trained here."""
    epoch = checkpoint.metrics.get("epoch")
    return int(epoch) if isinstance(epoch, int | float) else None


def _used_bins(counts: NDArray[np.int64]) -> tuple[int, int]:
    """The bins that hold anything in any epoch, with one to each side."""
    used = np.flatnonzero(counts.any(axis=0))
    return (max(0, int(used[0]) - 1), min(counts.shape[1], int(used[-1]) + 2)) if used.size else (0, counts.shape[1])


def _median(counts: NDArray[np.int64]) -> float:
    """The median in seconds as far as a histogram knows it: within its bin, in log."""
    total = np.cumsum(counts)
    if not total[-1]:
        return 0.0
    place = int(np.searchsorted(total, total[-1] / 2))
    before = total[place - 1] if place else 0
    share = (total[-1] / 2 - before) / counts[place]
    return float(EDGES_S[place] * (EDGES_S[place + 1] / EDGES_S[place]) ** share)

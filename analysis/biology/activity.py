"""Firing rates of a network, and its accuracy without its long time constants."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.studies.hetsyn.lesions import as_heavy, set_back
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.decoding import Decoder
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.training.network import Network

from .extraction import Run, learned_slots

_SEEN = 100  # recordings that rates are measured on
_BATCH = 32  # recordings that run at a time


@dataclass(frozen=True)
class Lesion:
    """Accuracy of one network, whole and in parts.

    Attributes
    ----------
    longer_than
        Seconds: longer time constants were set back to their values before training.
    share
        How many those are, of all that were learned.
    whole, without_long, without_control
        Accuracy; the control are as many other synapses of the same projections and of the same |w|.
    """

    longer_than: float
    share: float
    whole: float
    without_long: float
    without_control: float


def rates_of(run: Run, data: SpikeDataset) -> dict[str, NDArray[np.float64]]:
    """Population (``input``, ``layer_1``, ...) -> mean rate of each neuron in Hz over some recordings, shape (n,)."""
    n = min(_SEEN, len(data))
    x = data[[k * len(data) // n for k in range(n)]].rasters(Decoder.of(run.trained).length(data))
    rasters = Network.from_checkpoint(run.trained).record(x).rasters
    return {name: raster.mean(axis=(0, 1)) / run.trained.spec.dt_s for name, raster in rasters.items()}


def lesion(run: Run, data: SpikeDataset, *, longer_than: float | None = None, seed: int = 0) -> Lesion:
    """Set long time constants back, and as many others instead, and test both on the recordings of ``data``.

    Parameters
    ----------
    run
        With the network before training.
    data
        Recordings that played no part in training.
    longer_than
        In seconds; by default the longest that the network began with.
    seed
        Of the choice of the control.
    """
    assert run.initial is not None
    slots = learned_slots(run.trained.spec)
    threshold = max(float(run.initial.values[slot.key].max()) for slot in slots) if longer_than is None else longer_than
    rng = np.random.default_rng(seed)
    long = {slot.key: np.asarray(run.trained.values[slot.key]) > threshold for slot in slots}
    control = {}
    for slot in slots:
        weights = run.trained.values.get(f"{slot.owner}.w")
        fits = weights is not None and weights.shape == long[slot.key].shape
        control[slot.key] = as_heavy(long[slot.key], np.asarray(weights) if fits else np.zeros(slot.shape), rng)
    share = float(np.concatenate([mask.ravel() for mask in long.values()]).mean())
    changed = [run.trained, set_back(run.trained, run.initial, long), set_back(run.trained, run.initial, control)]
    return Lesion(threshold, share, *(_accuracy(checkpoint, data) for checkpoint in changed))


def _accuracy(checkpoint: Checkpoint, data: SpikeDataset) -> float:
    decoder, network = Decoder.of(checkpoint), Network.from_checkpoint(checkpoint)
    n_steps = decoder.length(data)
    batches = (data[begin : begin + _BATCH] for begin in range(0, len(data), _BATCH))
    guessed = [decoder.predictions(network.record(batch.rasters(n_steps)), checkpoint.spec) for batch in batches]
    return float(np.mean(np.concatenate(guessed) == data.labels))

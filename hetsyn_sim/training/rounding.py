"""The effect of rounding learned delays to whole steps, which every evaluation and Brian2 do, and the network that goes on with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder, check_input
from ..data.events import SpikeDataset
from ..spec import Layer, NetworkSpec
from ..spec.scope import DELAY
from ..spec.values import is_delay, on_steps
from .network import Network
from .population import PopulationLayer

#: Recordings that run at a time.
_BATCH = 64


@dataclass(frozen=True)
class EffectOfRounding:
    """A network with its learned delays between two steps, as they are while they are learned, and rounded.

    Attributes
    ----------
    largest_shift, mean_shift
        By how much of a step delays were rounded: of the largest half a step, 0 if all are whole numbers already.
    accuracy_between, accuracy
        With delays between two steps, and with whole ones, which is what Brian2 has.
    spikes_between, spikes, changed
        Numbers of spikes by layer, and in how many cells of the raster they differ.
    """

    largest_shift: float
    mean_shift: float
    accuracy_between: float
    accuracy: float
    spikes_between: Mapping[str, int]
    spikes: Mapping[str, int]
    changed: Mapping[str, int]

    def __str__(self) -> str:
        layers = "".join(
            f"\n  {name:<20}{self.spikes_between[name]} spikes, rounded {n}: {self.changed[name]} differ" for name, n in self.spikes.items()
        )
        shift = f"{self.mean_shift:.3f} of a step on average, {self.largest_shift:.3f} at most"
        accuracies = f"{100 * self.accuracy_between:.2f} %, rounded {100 * self.accuracy:.2f} %"
        return f"delays rounded to whole steps\n  {'by':<20}{shift}\n  {'accuracy':<20}{accuracies}{layers}"


@dataclass(frozen=True)
class OnGrid:
    """A trained network whose delays are whole steps and stay so: ``hs.fit`` goes on with everything else."""

    spec: NetworkSpec
    values: Mapping[str, NDArray[np.floating]]


def effect_of_rounding(checkpoint: Checkpoint, data: SpikeDataset) -> EffectOfRounding:
    """Run a trained network on recordings with its delays between two steps, and with whole ones (float64).

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network.
    """
    check_input(data, checkpoint.spec, where="effect_of_rounding")
    spec, decoder = checkpoint.spec, Decoder.of(checkpoint)
    learned = [key for key, slot in spec.slots.items() if is_delay(slot) and slot.parameter.trainable]
    steps = [np.asarray(checkpoint.values[key], dtype=np.float64).ravel() / spec.dt_s for key in learned]
    shifts = np.abs(np.concatenate([s - np.rint(s) for s in steps])) if steps else np.zeros(1)
    between, rounded = Network.from_checkpoint(checkpoint), Network.from_checkpoint(checkpoint)
    for layer in between.layers.values():
        assert isinstance(layer, PopulationLayer)
        layer.interpolates = True
    names = [p.name for p in spec.populations if p.model.spiking]
    counts = {which: dict.fromkeys(names, 0) for which in ("between", "rounded", "changed")}
    right = {"between": 0, "rounded": 0}
    raster = data.rasters(decoder.length(data))
    for begin in range(0, len(data), _BATCH):
        part = slice(begin, begin + _BATCH)
        one, other = (network.record(raster[:, part]) for network in (between, rounded))
        for which, recording in (("between", one), ("rounded", other)):
            right[which] += int(np.sum(decoder.predictions(recording, spec) == data.labels[part]))
            for name in names:
                counts[which][name] += int(recording.rasters[name].sum())
        for name in names:
            counts["changed"][name] += int(np.sum(one.rasters[name] != other.rasters[name]))
    return EffectOfRounding(
        float(shifts.max()),
        float(shifts.mean()),
        right["between"] / len(data),
        right["rounded"] / len(data),
        counts["between"],
        counts["rounded"],
        counts["changed"],
    )


def on_grid(checkpoint: Checkpoint) -> OnGrid:
    """The network with its delays rounded, and no longer trained."""
    spec = checkpoint.spec

    def held(layer: Layer) -> Layer:
        return replace(layer, model=layer.model.with_parameters(delay={"trainable": False})) if DELAY in layer.model.parameters else layer

    held_spec = replace(spec, layers=[held(layer) for layer in spec.layers], readout=None if spec.readout is None else held(spec.readout))
    values = {key: np.asarray(value, dtype=np.float64) for key, value in checkpoint.values.items()}
    values |= {key: on_steps(values[key], spec.dt_s) for key, slot in spec.slots.items() if is_delay(slot)}
    return OnGrid(held_spec, values)

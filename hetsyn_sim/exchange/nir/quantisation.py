"""Fewer time constants: a network whose synapses share them, neuron by neuron, and what that does to it on real recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...data.checkpoint import Checkpoint
from ...data.decoding import Decoder, check_input
from ...data.events import SpikeDataset
from ...errors import ConfigError, TransferError
from ...spec.quantities import format_quantity
from ...training.network import Network
from .synapses import distinct, quantised_row, tau_slots
from .vocabulary import Array


@dataclass(frozen=True)
class Quantised:
    """A network with grouped time constants and the error of grouping them.

    There are up to ``groups`` time constants among a neuron's synapses. ``errors`` has for each slot the ``largest``, ``mean`` and
    ``weighted`` relative error of tau; the last is the root of the mean square with the squared weights, which the grouping minimises.
    """

    checkpoint: Checkpoint
    groups: int
    errors: Mapping[str, Mapping[str, float]]

    @property
    def largest(self) -> float:
        """The largest relative error of any time constant."""
        return max((error["largest"] for error in self.errors.values()), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for reports."""
        return {"groups": self.groups, "errors": {key: dict(error) for key, error in self.errors.items()}}


def quantise(checkpoint: Checkpoint, groups: int) -> Quantised:
    """Replace the time constants of every neuron's synapses by at most ``groups`` values each, projection by projection.

    The values are optimal: no other ``groups`` values have a smaller error in log tau, weighted by the squared weights.

    Raises
    ------
    ConfigError
        If ``groups`` is not at least 1.
    TransferError
        If a time constant is 0 or infinite, which has no logarithm, and there are more values than groups.
    """
    if type(groups) is not int or groups < 1:
        raise ConfigError(
            "there must be at least one group",
            where="groups",
            got=repr(groups),
            expected="1, 2, 3, ...",
            remedy="give the number of time constants that a neuron's synapses may have",
        )
    values, errors = dict(checkpoint.values), {}
    for key, weight_key in tau_slots(checkpoint.spec):
        stored = np.asarray(checkpoint.values[key])
        tau = stored.astype(np.float64)
        if distinct(tau) <= groups:
            continue
        if not np.all((tau > 0.0) & np.isfinite(tau)):
            raise TransferError(
                "time constants of 0 or infinity can't be grouped with others",
                where=key,
                got=f"{int(np.sum(tau == 0.0))} of 0 and {int(np.sum(np.isinf(tau)))} infinite, of {tau.size}",
                expected=f"finite times above 0, or at most {groups} different ones per neuron",
                remedy="give those synapses a finite time constant first",
            )
        weight = np.ones(tau.shape) if weight_key is None else np.asarray(checkpoint.values[weight_key], dtype=np.float64)
        grouped = np.array([quantised_row(t, w, groups) for t, w in zip(tau, weight, strict=True)])
        values[key] = grouped.astype(stored.dtype)
        relative = np.abs(grouped / tau - 1.0)
        squares = weight**2 if np.any(weight) else np.ones(weight.shape)
        errors[key] = {
            "largest": float(relative.max()),
            "mean": float(relative.mean()),
            "weighted": float(np.sqrt(np.average(relative**2, weights=squares))),
        }
    return Quantised(replace(checkpoint, values=values), groups, errors)


@dataclass(frozen=True)
class Effect:
    """What other parameter values do to a network, run here on the same recordings in float64.

    Attributes
    ----------
    n_recordings, n_steps, dt_s
        What was run.
    n_spikes
        Layer -> spikes of the network as it was, and as it is.
    differing
        Layer -> cells of the raster (recording, step, neuron) in which they differ.
    largest_dv, mean_dv
        Largest and root mean square difference of the readout's v, in units of the standard deviation of v; NaN without a readout.
    accuracy
        Before and after.
    changed
        Decisions that are different.
    """

    n_recordings: int
    n_steps: int
    dt_s: float
    n_spikes: Mapping[str, tuple[int, int]]
    differing: Mapping[str, int]
    largest_dv: float
    mean_dv: float
    accuracy: tuple[float, float]
    changed: int

    def rows(self) -> dict[str, str]:
        """For a table in the console."""
        length = f"{self.n_steps} steps of {format_quantity(self.dt_s, 'ms')}"
        rows = {"measured on": f"{self.n_recordings} recordings of {length}"}
        for name, (before, after) in self.n_spikes.items():
            share = self.differing[name] / max(before + after, 1)
            rows[f"spikes of {name}"] = f"{before:,} before, {after:,} after; {self.differing[name]:,} in one only ({100 * share:.2f} %)"
        if np.isfinite(self.mean_dv):
            rows["readout: v"] = f"off by {100 * self.mean_dv:.2g} % of its standard deviation (largest {100 * self.largest_dv:.2g} %)"
        rows["accuracy"] = f"{100 * self.accuracy[0]:.2f} % before, {100 * self.accuracy[1]:.2f} % after; {self.changed} decisions changed"
        return rows


def effect_of(before: Checkpoint, after: Checkpoint, data: SpikeDataset) -> Effect:
    """Run a network with its values ``before`` and with those ``after`` on the same recordings.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network.
    """
    spec, decoder = before.spec, Decoder.of(before)
    check_input(data, spec, where="effect_of")
    n_steps = decoder.length(data)
    raster = data.rasters(n_steps)
    old, new = (Network.from_checkpoint(checkpoint).record(raster) for checkpoint in (before, after))
    layers = [p.name for p in spec.populations if p.model.spiking]
    decided = [decoder.predictions(done, spec) for done in (old, new)]
    largest = mean = float("nan")
    if spec.readout is not None:
        v: Array = np.asarray(old.traces["readout.v"], dtype=np.float64)
        off, spread = np.asarray(new.traces["readout.v"]) - v, float(v.std()) or 1.0
        largest, mean = float(np.abs(off).max()) / spread, float(np.sqrt(np.mean(off**2))) / spread
    return Effect(
        len(data),
        n_steps,
        spec.dt_s,
        {name: (int(old.rasters[name].sum()), int(new.rasters[name].sum())) for name in layers},
        {name: int((old.rasters[name] != new.rasters[name]).sum()) for name in layers},
        largest,
        mean,
        (float(np.mean(decided[0] == data.labels)), float(np.mean(decided[1] == data.labels))),
        int(np.sum(decided[0] != decided[1])),
    )

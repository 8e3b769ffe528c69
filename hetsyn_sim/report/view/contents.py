"""The contents of a view: one network in two simulators over the same recordings, as plain data with packed arrays.

Spikes are those of the first simulator, and the cells in which the second differs; traces likewise are those of the first, and what the
second adds to them. Where both do the same, the second costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS
from numpy.typing import NDArray

from ...agreement.bounds import thresholds
from ...agreement.compare import compare_recordings
from ...brian.equations import sums_in_use
from ...data.checkpoint import Checkpoint
from ...data.recording import Raster, Recording
from ...errors import DataError
from ...spec import NetworkSpec, NeuronModel
from ...spec.quantities import unit_of_dimensions
from .packing import Packer

#: Besides v, so many variables of a neuron are kept: the sums of its synapses first, then its own states.
MOST_VARIABLES: Final = 3
#: Above the threshold v is cut where it overshoots by so many times what lies below: the spike of an exponential neuron has no height.
_OVERSHOOT: Final = 20.0
#: Characters that name a packed trace, at most.
_PLACE: Final = 200
_SYMBOLS: Final = {"volt": "V", "amp": "A", "siemens": "S", "second": "s", "coulomb": "C", "ohm": "Ω"}
_PREFIXES: Final = ("f", "p", "n", "µ", "m", "", "k")


@dataclass(frozen=True)
class Trial:
    """What is known of one recording beside its spikes: its name, true class, and the class that each simulator's readout says."""

    name: str
    label: str = ""
    predictions: tuple[str, ...] = ()


def variables_of(model: NeuronModel) -> list[str]:
    """What a view keeps of a neuron: v, the sums over its synapses, its other states."""
    behind = [*sums_in_use(model), *(state for state in model.neuron_equations.states if state != "v")]
    return ["v", *behind[:MOST_VARIABLES]]


def recorded_variables(spec: NetworkSpec) -> list[str]:
    """The variables to record in both simulators."""
    return list(dict.fromkeys(name for p in spec.populations for name in variables_of(p.model)))


def network_contents(checkpoint: Checkpoint, first: Recording) -> list[dict[str, Any]]:
    """The populations from the input upwards: what each shows in the raster, and the variables of its neurons with their units."""
    spec = checkpoint.spec
    shown: list[dict[str, Any]] = [
        {"name": "input", "label": "input", "model": "", "size": spec.n_input, "spikes": not spec.takes_values, "variables": []}
    ]
    for p in spec.populations:
        variables = []
        for name in variables_of(p.model):
            if (trace := first.traces.get(f"{p.name}.{name}")) is not None:
                symbol, scale = _unit(p.model, name, trace)
                variables.append({"name": name, "unit": symbol, "scale": scale})
        label = p.name.replace("_", " ")
        shown.append(
            {"name": p.name, "label": label, "model": p.model.name, "size": p.size, "spikes": p.model.spiking, "variables": variables}
        )
    return shown


def _unit(model: NeuronModel, variable: str, trace: NDArray[np.floating]) -> tuple[str, float]:
    """The unit to show a variable in, and how many of it are one of the SI unit: millivolt, and 1000."""
    dimensions = model.neuron_equations.dimensions.get(variable)
    name = "1"
    if dimensions is None:  # a sum over synapses
        state = sums_in_use(model)[variable]
        dimensions = model.synapse_equations.dimensions[state]
    if dimensions is not DIMENSIONLESS:
        name = unit_of_dimensions(dimensions)
    if name not in _SYMBOLS:
        return ("" if name == "1" else name), 1.0
    size = float(np.median(np.abs(trace[np.isfinite(trace)]))) if trace.size else 0.0
    power = int(np.clip(np.floor(np.log10(size) / 3) if size > 0 else 0, -5, 1))
    return _PREFIXES[power + 5] + _SYMBOLS[name], 10.0 ** (-3 * power)


def pack_recordings(
    packer: Packer,
    checkpoint: Checkpoint,
    first: Recording,
    second: Recording,
    trials: Sequence[Trial],
    populations: Sequence[Mapping[str, Any]],
    most: int,
) -> tuple[list[dict[str, Any]], dict[str, list[int]]]:
    """Pack all runs: what each shows, and of which neurons the traces are kept, by population.

    ``most`` is the number of bytes that all of it may take on the page. Rasters and what is drawn as a map (a readout, an input of values)
    always are there; of the other neurons' traces as many as there is room for, those that differ first, then those that spike most.

    Raises
    ------
    DataError
        If there is no room for the rasters.
    """
    spec = checkpoint.spec
    packed: list[dict[str, Any]] = []
    verdicts = [_verdict(checkpoint, first.runs(slice(run, run + 1)), second.runs(slice(run, run + 1))) for run in range(first.n_runs)]
    for run, trial in enumerate(trials):
        rasters = {}
        for shown in populations:
            if shown["spikes"]:
                name = shown["name"]
                rasters[name] = _pack_spikes(packer, first.rasters[name][:, run], second.rasters[name][:, run])
        packed.append({"name": trial.name, "label": trial.label, "predictions": list(trial.predictions), "spikes": rasters, "traces": {}})
        packed[-1] |= verdicts[run]
    places = len(trials) * _PLACE * sum(len(shown["variables"]) + 1 for shown in populations)
    text = len(json.dumps(packed)) + places
    kept = _kept_neurons(spec, first, second, (most - text) * 3 // 4 - packer.n_bytes)
    levels = thresholds(spec, checkpoint.values, first)
    for run, entry in enumerate(packed):
        for shown in populations:
            name, neurons = shown["name"], kept.get(shown["name"], [])
            for variable in shown["variables"] if neurons else []:
                key, scale = f"{name}.{variable['name']}", variable["scale"]
                sides = [scale * np.asarray(r.traces[key][:, run, neurons].T, dtype=np.float64) for r in (first, second)]
                entry["traces"][key] = _pack_trace(packer, sides, _ceiling(sides, name, levels, run, neurons, scale, variable["name"]))
            if name in levels and neurons:
                entry["traces"][f"{name}.theta"] = _pack_theta(packer, levels[name][:, run, neurons].T * shown["variables"][0]["scale"])
        if spec.takes_values:
            rows = np.asarray(first.traces["input.x"][:, run].T, dtype=np.float64)
            entry["traces"]["input.x"] = _pack_trace(packer, [rows, rows], None)
    return packed, kept


def _verdict(checkpoint: Checkpoint, first: Recording, second: Recording) -> dict[str, Any]:
    """How one run compares, and where its first difference is."""
    c = compare_recordings(checkpoint.spec, checkpoint.values, first, second, "float64")
    where = (*c.diverged, *c.undecided)
    different = sum(int(np.count_nonzero(first.rasters[name] != second.rasters[name])) for name in first.rasters)
    return {
        "verdict": "differs" if c.diverged or not c.agrees else "undecided" if c.undecided else "same",
        "n_spikes": c.n_spikes,
        "n_differing": different,
        "max_dv": c.max_abs_dv if np.isfinite(c.max_abs_dv) else None,
        "first": [where[0].population, where[0].neuron, where[0].step] if where else None,
        "explanation": str(where[0]).split(", ", 1)[1] if where else "",
    }


def _pack_spikes(packer: Packer, first: Raster, second: Raster) -> dict[str, Any]:
    """Spikes per step, and the neurons of the spikes one step after the other; the same of the cells in which the second differs."""
    n_units = first.shape[1]
    packed = {}
    for part, raster in (("counts", first), ("differing", first != second)):
        units = np.nonzero(raster)[1]
        counts = np.count_nonzero(raster, axis=1)
        if part == "counts" or units.size:
            packed[part] = packer.unsigned(counts, n_units)
            packed["units" if part == "counts" else "differing_units"] = packer.unsigned(units, n_units - 1)
    return packed


def _kept_neurons(spec: NetworkSpec, first: Recording, second: Recording, room: int) -> dict[str, list[int]]:
    """The neurons whose traces fit into ``room`` bytes, in ascending order, by population."""
    per_value = 4 * first.n_steps * first.n_runs  # a level and a difference
    size = {p.name: per_value * (len(variables_of(p.model)) + p.model.spiking) for p in spec.populations}
    kept = {p.name: list(range(p.size)) for p in spec.populations if not p.model.spiking}
    left = room - sum(size[name] * len(neurons) for name, neurons in kept.items())
    if spec.takes_values:
        left -= per_value * spec.n_input
    if left < 0:
        raise too_large(first.n_runs, first.n_steps)
    order: list[tuple[int, int, str, int]] = []
    for p in spec.populations:
        if p.model.spiking:
            z, w = first.rasters[p.name], second.rasters[p.name]
            ranks = zip(-np.count_nonzero(z != w, axis=(0, 1)), -np.count_nonzero(z, axis=(0, 1)), strict=True)
            order += [(int(differs), int(spikes), p.name, neuron) for neuron, (differs, spikes) in enumerate(ranks)]
            kept[p.name] = []
    for _, _, name, neuron in sorted(order):
        if size[name] > left:
            break
        left -= size[name]
        kept[name].append(neuron)
    return {p.name: sorted(kept[p.name]) for p in spec.populations}


def check_room(spec: NetworkSpec, raster: Raster, most: int) -> None:
    """Raise :class:`DataError` if these inputs, (time, recording, channel), and what is drawn as a map are too many for ``most`` bytes.

    Before anything is simulated: the spikes of the layers come on top.
    """
    n_steps, n_runs, _ = raster.shape
    maps = sum(2 * p.size for p in spec.populations if not p.model.spiking) + (2 * spec.n_input if spec.takes_values else 0)
    least = n_steps * n_runs * (maps + len(spec.populations)) + (0 if spec.takes_values else int(np.count_nonzero(raster)))
    if least * 4 // 3 > most:
        raise too_large(n_runs, n_steps)


def too_large(n_runs: int, n_steps: int) -> DataError:
    """The error of a view that has no room for its recordings."""
    return DataError(
        "a view of these recordings is too large",
        where="view",
        got=f"{n_runs} recordings of {n_steps} steps",
        expected="as many as fit into the file",
        remedy="show fewer recordings, shorter ones, or allow a larger file (max_bytes)",
    )


def _ceiling(
    sides: Sequence[NDArray[np.float64]],
    name: str,
    levels: Mapping[str, NDArray[np.float64]],
    run: int,
    neurons: Sequence[int],
    scale: float,
    variable: str,
) -> NDArray[np.float64] | None:
    """Where each neuron's v is cut; None where it need not be."""
    if variable != "v" or name not in levels:
        return None
    theta = scale * levels[name][:, run, neurons].max(axis=0)
    below = theta - np.nanmin(sides[0], axis=1)
    over = np.nanmax(sides[0], axis=1) - theta
    return np.asarray(np.where(over > _OVERSHOOT * below, theta + 0.5 * below, np.inf)) if np.any(over > _OVERSHOOT * below) else None


def _pack_trace(packer: Packer, sides: Sequence[NDArray[np.float64]], ceiling: NDArray[np.float64] | None) -> dict[str, Any]:
    one, two = sides
    difference = two - one
    if ceiling is not None:
        one = np.minimum(one, ceiling[:, None])
    packed: dict[str, Any] = packer.levels(one)
    if np.any(difference != 0.0):
        packed["difference"] = packer.add(difference, "b2")
    return packed | ({"cut": True} if ceiling is not None else {})


def _pack_theta(packer: Packer, theta: NDArray[np.float64]) -> dict[str, Any]:
    """A threshold that stays is one number per neuron."""
    if np.all(theta == theta[:, :1]):
        return {"still": packer.add(theta[:, 0], "f4")}
    return dict(packer.levels(theta))

"""Monitors of spikes and traces, and their content as a plain recording."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from brian2 import SpikeMonitor, StateMonitor
from numpy.typing import NDArray

from ..data.recording import Raster, Recording
from ..errors import UnknownNameError
from ..spec import NetworkSpec, Projection
from .built import BuiltNetwork, brian_name, synapse_mask
from .equations import sums_in_use, synapse_names
from .inputs import Inputs, split_recordings
from .schedule import END

_OF_SYNAPSES = re.compile(r"^(?P<projection>.+)\.(?P<state>\w+)\[(?P<post>\d+)\]$")


@dataclass(frozen=True)
class Trace:
    """One thing to record: a variable of a population, or a state of all synapses of a projection onto one neuron."""

    key: str
    owner: str
    variable: str
    post: int | None = None


def resolve_traces(spec: NetworkSpec, record: str | Iterable[str]) -> tuple[Trace, ...]:
    """What the user asked for as traces.

    ``"v"`` is v of every population; ``"layer_1.R"`` one variable of one population (a state, a subexpression or a sum such as ``I_syn``);
    ``"layer_1.feedforward.I[3]"`` the state I of every synapse onto neuron 3, shape (time, batch, pre). Graded outputs are always among
    them, as spikes are always kept.

    Raises
    ------
    UnknownNameError
        If there is no such variable; the message lists all that there are.
    """
    variables = {p.name: [*p.model.neuron_equations.dimensions, *sums_in_use(p.model)] for p in spec.populations}
    states = {q.name: list(spec.population(q.target).model.synapse_equations.states) for q in spec.projections}
    known = {f"{name}.{variable}": Trace(f"{name}.{variable}", name, variable) for name, found in variables.items() for variable in found}
    found: dict[str, Trace] = {}
    for item in [record] if isinstance(record, str) else record:
        match = _OF_SYNAPSES.match(item)
        if item in known:
            found[item] = known[item]
        elif everywhere := [trace for trace in known.values() if trace.variable == item]:
            found |= {trace.key: trace for trace in everywhere}
        elif match and match["state"] in states.get(match["projection"], ()) and int(match["post"]) < _n_post(spec, match["projection"]):
            found[item] = Trace(item, match["projection"], match["state"], int(match["post"]))
        else:
            synaptic = [f"{name}.{state}[0..{_n_post(spec, name) - 1}]" for name, some in states.items() for state in some]
            raise UnknownNameError(
                "there is no such variable to record",
                where="record",
                got=repr(item),
                expected=", ".join(["v", *known, *synaptic]),
                remedy="choose from these",
            )
    outputs = [known[f"{p.name}.{p.model.output}"] for p in spec.populations if p.model.output]
    return tuple((found | {trace.key: trace for trace in outputs}).values())


class Monitors:
    """Spikes of every spiking population, and the traces asked for, as they are when everything in a step has happened."""

    def __init__(self, built: BuiltNetwork, traces: Iterable[Trace]) -> None:
        spec = built.spec
        self.spec, self.traces, self.copies = spec, tuple(traces), built.copies
        self.spikes = {
            p.name: SpikeMonitor(built.groups[p.name], when=END, name=f"{brian_name(p.name)}_spikes")
            for p in spec.populations
            if p.model.spiking
        }
        # One monitor for all variables of a population: each monitor costs time in every step.
        wanted: dict[tuple[str, int | None], list[str]] = {}
        for trace in self.traces:
            if trace.post is not None and not synapse_mask(_projection(spec, trace.owner))[:, trace.post].any():
                continue  # no synapse onto this neuron: there is nothing that could be monitored
            wanted.setdefault((trace.owner, trace.post), []).append(self._variable(trace))
        self.states: dict[tuple[str, int | None], StateMonitor] = {}
        for (owner, post), variables in wanted.items():
            if post is None:
                source, record, name = built.groups[owner], np.arange(len(built.groups[owner])), f"{brian_name(owner)}_traces"
            else:
                targets = np.tile(np.nonzero(synapse_mask(_projection(spec, owner)))[1], built.copies)
                source, record, name = built.synapses[owner], np.flatnonzero(targets == post), f"{brian_name(owner)}_onto_{post}_traces"
            self.states[owner, post] = StateMonitor(source, variables, record=record, clock=built.clock, when=END, name=name)
        for monitor in (*self.spikes.values(), *self.states.values()):
            built.add(monitor)

    def recording(self, inputs: Inputs, simulator: str, noise_seed: int = 0) -> Recording:
        """What was recorded of a run on ``inputs``, cut into the recordings that were joined."""
        n_steps, n_runs, _ = inputs.shape
        n_total = n_steps * (n_runs // self.copies)
        found = {name: self._raster(name, n_total) for name in self.spikes} | {t.key: self._trace(t, n_total) for t in self.traces}
        split = {name: split_recordings(joined, n_runs, self.copies) for name, joined in found.items()}
        rasters = {"input": np.asarray(inputs > 0)} | {name: split[name] for name in self.spikes}
        traces = {trace.key: split[trace.key] for trace in self.traces}
        if self.spec.takes_values:
            traces["input.x"] = np.asarray(inputs, dtype=np.float64)
        return Recording(self.spec.dt_s, rasters, traces, simulator, noise_seed)

    def _raster(self, name: str, n_total: int) -> Raster:
        """Shape (rounds * time, copies * neuron)."""
        monitor = self.spikes[name]
        raster = np.zeros((n_total, self.copies * self.spec.population(name).size), dtype=bool)
        raster[np.rint(np.asarray(monitor.t_) / self.spec.dt_s).astype(np.int64), np.asarray(monitor.i)] = True
        return raster

    def _variable(self, trace: Trace) -> str:
        """What it is called in Brian2."""
        return trace.variable if trace.post is None else synapse_names(self.spec, _projection(self.spec, trace.owner))[trace.variable]

    def _trace(self, trace: Trace, n_total: int) -> NDArray[np.float64]:
        """Shape (rounds * time, copies * neuron)."""
        monitor = self.states.get((trace.owner, trace.post))
        values = np.zeros((n_total, 0)) if monitor is None else np.asarray(monitor.variables[self._variable(trace)].get_value())
        if trace.post is None:
            return values
        connected = synapse_mask(_projection(self.spec, trace.owner))[:, trace.post]
        padded = np.zeros((n_total, self.copies, connected.size))  # a synapse that does not exist carries nothing
        padded[..., connected] = values.reshape(n_total, self.copies, -1) if values.size else 0.0
        return padded.reshape(n_total, -1)


def _projection(spec: NetworkSpec, name: str) -> Projection:
    return next(p for p in spec.projections if p.name == name)


def _n_post(spec: NetworkSpec, projection: str) -> int:
    return _projection(spec, projection).n_post

"""Layers of models whose v is a sum of exponentially filtered events: expressions evaluated with torch, filters and scans by the kernels.

All other models are stepped (:mod:`hetsyn_sim.training.stepped_layer`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cached_property, partial, reduce
from typing import Any

import torch
from torch import Tensor

from ..discrete import Path, discretise, neuron_values, synapse_values
from ..errors import SpecError
from ..kernels import (
    CHUNK,
    DecayPath,
    Form,
    Window,
    choose_form,
    chooses_form,
    delayed_filter,
    delayed_window,
    exponential_filter,
    filter_carry,
    is_tied,
    leaky_carry,
    leaky_filter,
    spans_any_time,
    spiking_scan,
    spread_carry,
)
from ..kernels.costs import Kind
from ..spec import Projection
from .layer_run import LayerRun
from .population import PopulationLayer
from .randomness import CountedNoise


class LayerState:
    """The state after a piece of time. It costs a number per synapse, so ``compute`` is called when it is first used, not before."""

    def __init__(self, compute: Callable[[], dict[str, Tensor]]) -> None:
        self._compute = compute

    @cached_property
    def carried(self) -> dict[str, Tensor]:
        """Path -> what it will add to v at the next step: (batch, post, pre), or (batch, post) where a neuron's synapses share it.

        ``feedforward recent`` and ``recurrent recent`` are the last events of projections with delays, (lag, batch, pre).
        """
        return self._compute()

    @property
    def n_recordings(self) -> int | None:
        """How many recordings it is of; None where nothing is carried on."""
        return next((x.shape[1 if name.endswith("recent") else 0] for name, x in self.carried.items()), None)

    def detach(self) -> LayerState:
        """The same state, cut from the graph (truncated backpropagation through time)."""
        carried = {name: value.detach() for name, value in self.carried.items()}
        return LayerState(lambda: carried)


class SpikingLayer(PopulationLayer):
    """One population whose v is a sum of exponentially filtered events, with the projections onto it.

    A readout is a layer whose output is v. Parameters are described as in :class:`~hetsyn_sim.training.population.PopulationLayer`.

    Raises
    ------
    SpecError
        If the model's states are coupled: the kernels need states that decay each on its own. If a trainable value is outside of its
        bounds.
    UnknownNameError
        If ``time_constants`` is no way to train them.
    """

    def _derive_program(self) -> None:
        self.forms: dict[str, Form] = {}
        self.program = discretise(self.model, self.spec.population(self.population).step_order)
        if not self.program.is_diagonal:
            raise SpecError(
                "the states of this model are coupled",
                where=f"{self.population}: {self.model.name}",
                got=f"{self.program.neuron.matrix.tolist()} for {', '.join(self.program.neuron.states)}",
                expected="states that decay each on its own",
                remedy="use SteppedLayer, as Network does by itself",
            )

    # -- evaluating the program --------------------------------------------------------------------------------------

    def _synaptic_path(self, path: Path, projection: Projection, values: Mapping[str, Any], gained: bool) -> DecayPath:
        decay = self.evaluated(path.decay, values)
        size = path.size if gained else path.amplitude
        amplitude = self.evaluated(size, values)
        if projection.kind == "recurrent" and self.program.step_order.decays_in_same_step("recurrent"):
            amplitude = amplitude * decay
        return DecayPath(self.connected(amplitude, projection), decay)

    def paths(self, kind: str, *, gained: bool = True) -> list[DecayPath]:
        """The evaluated paths of a ``kind``: of a projection (``"feedforward"``, ``"recurrent"``) or of the reset (``"reset"``).

        With ``gained=False`` only up to the state that the event jumps to, and not on to v.
        """
        if kind == "reset":
            values = self.with_decays(neuron_values(self.spec, self.population, self.physical_values()), "")
            resets = []
            for path in self.program.reset_paths:
                decay = self.evaluated(path.decay, values)
                amplitude = self.evaluated(path.size if gained else path.amplitude, values)
                resets.append(DecayPath(amplitude * decay if self.program.step_order.decays_in_same_step("reset") else amplitude, decay))
            return resets
        if kind not in self.projections:
            return []
        projection = self.projections[kind]
        values = self.with_decays(synapse_values(self.spec, projection, self.physical_values()), projection.name)
        return [self._synaptic_path(path, projection, values, gained) for path in self.program.synaptic_paths]

    # -- running -----------------------------------------------------------------------------------------------------

    def run(self, x: Tensor, state: LayerState | None = None, record: Collection[str] = (), noise: CountedNoise | None = None) -> LayerRun:
        z, v, after = self._run(x, state)
        assert state is None or not record, "traces are summed up from rest"
        return LayerRun(z, v, None, after, self._traces(x, z, record) if record else {})

    def _run(self, x: Tensor, state: LayerState | None) -> tuple[Tensor | None, Tensor, LayerState]:
        feedforward, recurrent, resets = (self.paths(kind) for kind in ("feedforward", "recurrent", "reset"))
        delays = {kind: self.delay(kind) for kind in self.projections}
        n = x.shape[0]
        if n > CHUNK and self._goes_in_pieces(feedforward, recurrent, delays.get("recurrent")):
            spikes, voltages = [], []
            for piece in x.split(CHUNK):
                z, v, state = self._run(piece, state)
                spikes.append(z)
                voltages.append(v)
            assert state is not None
            return torch.cat([z for z in spikes if z is not None]), torch.cat(voltages), state
        carried = {} if state is None else state.carried
        tolerance = None if delays["feedforward"] is not None else self._tolerance("feedforward", lambda: x, feedforward, n)
        v = reduce(torch.add, (self._filtered(x, path, delays["feedforward"], carried, k, tolerance) for k, path in enumerate(feedforward)))
        z = None
        if self.program.theta is not None:
            for k, path in enumerate(recurrent):
                if f"recurrent {k}" in carried:
                    v = v + _left_over(path, delays["recurrent"], carried, k, n)
            for k, (_, rho) in enumerate(resets):
                if f"reset {k}" in carried:
                    v = v + spread_carry(carried[f"reset {k}"], rho, n)
            if self.noise is not None and self.training:
                v = v + self.noise.like(v, self.spec.dt_s, self.share)
            theta = self.evaluated(
                self.program.theta, self.with_decays(neuron_values(self.spec, self.population, self.physical_values()), "")
            )
            scan = partial(spiking_scan, v, recurrent, resets, theta, self.surrogate, delays.get("recurrent"))
            tolerance = None if delays.get("recurrent") is not None else self._tolerance("recurrent", lambda: scan()[0], recurrent, n)
            z, v = scan(tolerance)

        # An optimiser may change the parameters in place before the state is used: it must belong to the values that this call ran with.
        feedforward_then, recurrent_then, resets_then = (
            [DecayPath(w.clone(), rho.clone()) for w, rho in paths] for paths in (feedforward, recurrent, resets)
        )
        n_lags = {kind: self.n_lags(kind) for kind, delay in delays.items() if delay is not None}

        def compute() -> dict[str, Tensor]:
            new = {}
            sent = {"feedforward": (x, feedforward_then)} | ({} if z is None else {"recurrent": (z, recurrent_then)})
            for kind, (events, paths) in sent.items():
                late, delay = int(kind == "recurrent"), delays.get(kind)
                for k, (w, rho) in enumerate(paths):
                    before = carried.get(f"{kind} {k}")
                    if delay is None:
                        new[f"{kind} {k}"] = (
                            filter_carry(events, w, rho, before, delay=1) if late else self.wiring.carry(events, w, rho, before)
                        )
                        continue
                    window = delayed_window(events, w, rho, delay, _window(carried, kind, k), n_lags=n_lags[kind], late=late)
                    new |= {f"{kind} {k}": window.state, f"{kind} recent": window.recent}
            if z is not None:
                for k, (amplitude, rho) in enumerate(resets_then):
                    new[f"reset {k}"] = leaky_carry(z * amplitude, rho, carried.get(f"reset {k}"), delay=1)
            return new

        return z, v, LayerState(compute)

    @torch.no_grad()
    def _tolerance(self, kind: Kind, events: Callable[[], Tensor], paths: list[DecayPath], n_steps: int) -> float | None:
        """Of shared decays where a projection is to run through them. In float32 that is chosen once, by the first events to be seen."""
        if not paths or is_tied(paths[0].rho) or not chooses_form(*paths[0]):
            return None
        if kind not in self.forms:
            if torch.compiler.is_compiling():  # what is measured can't be traced
                return None
            self.forms[kind] = choose_form(kind, events(), paths[0].rho)
        return self.forms[kind].tolerance(paths[0].amplitude.shape[1], n_steps)

    @torch.no_grad()
    def described_forms(self) -> dict[str, dict[str, Any]]:
        return {kind: form.described(self.paths(kind)[0].rho) for kind, form in self.forms.items()}

    def use_forms(self, described: Mapping[str, Mapping[str, Any]]) -> None:
        self.forms = {kind: Form.of(plain) for kind, plain in described.items() if kind in self.projections}

    def _goes_in_pieces(self, feedforward: list[DecayPath], recurrent: list[DecayPath], delay: Tensor | None) -> bool:
        """Whether what recurrent synapses do costs time squared within a piece."""
        if not recurrent or (delay is None and all(is_tied(path.rho) for path in recurrent)):
            return False
        return not spans_any_time(feedforward[0].amplitude, self.surrogate, delayed=delay is not None)

    def _traces(self, x: Tensor, z: Tensor | None, names: Collection[str]) -> dict[str, Tensor]:
        """Synaptic sums (``I_syn``) and neuron states (``R``) of a run from rest; ``v`` is not among them.

        The kernels never make them: each is summed up again from the spikes that reach it, ``x`` and the layer's own, ``z``.
        """
        program = self.program
        targets = [jump.target for jump in program.model.on_pre_jumps]
        on_pre = [f"{t}_syn" if t in program.synapse.states else t.removesuffix("_post") for t in targets]
        arriving = zip(on_pre, self.paths("feedforward", gained=False), strict=True)
        parts = [(name, partial(self._filtered, x, path, self.delay("feedforward"), {}, 0)) for name, path in arriving]
        if z is not None:
            before = torch.cat([torch.zeros_like(z[:1]), z[:-1]])  # a neuron's own spikes arrive one step later
            recurrent, resets = self.paths("recurrent", gained=False), self.paths("reset", gained=False)
            delay = self.delay("recurrent")
            parts += [(name, partial(_summed, before, path, delay)) for name, path in zip(on_pre, recurrent, strict=False)]  # or none
            for reset, (amplitude, rho) in zip(program.reset_paths, resets, strict=True):
                parts.append((reset.state, partial(leaky_filter, before * amplitude, rho)))
        traces: dict[str, Tensor] = {}
        for name, part in parts:
            if name in names and name != "v":
                traces[name] = traces[name] + part() if name in traces else part()
        return traces

    def _filtered(
        self, x: Tensor, path: DecayPath, delay: Tensor | None, carried: Mapping[str, Tensor], k: int, tolerance: float | None = None
    ) -> Tensor:
        """What feed-forward events add to v over a piece of time, (time, batch, post)."""
        w, rho = path
        if delay is None:
            return self.wiring.filter(x, w, rho, carried.get(f"feedforward {k}"), tolerance)
        return delayed_filter(x, w, rho, delay, _window(carried, "feedforward", k))


def _summed(events: Tensor, path: DecayPath, delay: Tensor | None) -> Tensor:
    w, rho = path
    return exponential_filter(events, w, rho) if delay is None else delayed_filter(events, w, rho, delay, None)


def _window(carried: Mapping[str, Tensor], kind: str, k: int) -> Window | None:
    return Window(carried[f"{kind} recent"], carried[f"{kind} {k}"]) if f"{kind} {k}" in carried else None


def _left_over(path: DecayPath, delay: Tensor | None, carried: Mapping[str, Tensor], k: int, n: int) -> Tensor:
    """What recurrent spikes of the pieces before add to v over this one, (time, batch, post)."""
    w, rho = path
    if delay is None:
        return spread_carry(carried[f"recurrent {k}"], rho, n)
    recent = carried["recurrent recent"]  # arrives one step later than feed-forward events do
    silence = recent.new_zeros(n - 1, *recent.shape[1:])
    window = Window(recent[:-1], carried[f"recurrent {k}"])
    return delayed_filter(torch.cat([recent[-1:], silence]), w, rho, delay, window)

"""A population as a torch module: the StepProgram's expressions evaluated with torch, its structure handed to the kernels.

For models whose v is a sum of exponentially filtered events; all others are stepped (:mod:`hetsyn_sim.training.stepped_layer`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..discrete import Path, discretise, neuron_values, synapse_values
from ..errors import SpecError
from ..kernels import (
    CHUNK,
    DecayPath,
    SurrogateDerivative,
    exponential_filter,
    filter_carry,
    is_tied,
    spans_any_time,
    spiking_scan,
    spread_carry,
)
from ..spec import NetworkSpec, Projection
from .population import PopulationLayer, TimeConstants
from .share import Share


@dataclass(frozen=True)
class Noise:
    """Fluctuations of v before the threshold, in training only: an Ornstein-Uhlenbeck process of standard deviation ``sd``.

    ``tau`` is its time constant in seconds. It begins in its stationary state, and comes from torch's default generator.
    """

    sd: float
    tau: float = 5e-3

    def like(self, v: Tensor, dt: float, share: Share | None = None) -> Tensor:
        """The process for a v of shape (time, batch, post); with a share, that of these recordings in the whole batch."""
        rho = math.exp(-dt / self.tau)
        kicks = (torch.randn_like(v.contiguous()) if share is None else share.drawn(torch.randn_like, v)) * self.sd
        kicks[1:] *= math.sqrt(1.0 - rho * rho)
        process: Tensor = exponential_filter(kicks, torch.eye(v.shape[2], dtype=v.dtype, device=v.device), v.new_tensor(rho))
        return process


class LayerState:
    """What a layer hands to the next piece of time. It costs a state per synapse, so it is computed when it is first used, not before.

    ``compute`` gives what :attr:`carried` holds.
    """

    def __init__(self, compute: Callable[[], dict[str, Tensor]]) -> None:
        self._compute = compute

    @cached_property
    def carried(self) -> dict[str, Tensor]:
        """Path -> what it will add to v at the next step: (batch, post, pre), or (batch, post) where a neuron's synapses share it."""
        return self._compute()

    def detach(self) -> LayerState:
        """The same state, cut from the graph (truncated backpropagation through time)."""
        carried = {name: value.detach() for name, value in self.carried.items()}
        return LayerState(lambda: carried)


class SpikingLayer(PopulationLayer):
    """One population whose v is a sum of exponentially filtered events, with the projections onto it.

    Parameters
    ----------
    spec
        The network it belongs to.
    population
        Its name: ``"layer_1"``, ..., ``"readout"``. A readout is a layer whose output is v.
    values
        Parameter values in SI units by slot key; may hold other populations' too.
    surrogate
        Replaces the derivative of a spike.
    time_constants
        ``"log_tau"`` or ``"rho_clamped"``.
    trainable
        False keeps every value exactly as given, without a bijection, for evaluation.

    Raises
    ------
    SpecError
        If the model's states are coupled: the kernels need states that decay each on its own. If a trainable value is outside of its
        bounds.
    UnknownNameError
        If ``time_constants`` is neither of the two.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        population: str,
        values: Mapping[str, NDArray[np.floating]],
        surrogate: SurrogateDerivative,
        time_constants: TimeConstants = "log_tau",
        *,
        trainable: bool = True,
    ) -> None:
        super().__init__(spec, population, values, time_constants, trainable=trainable)
        self.surrogate = surrogate
        self.noise: Noise | None = None
        self.share: Share | None = None
        self.program = discretise(self.model, spec.step_order)
        if not self.program.is_diagonal:
            raise SpecError(
                "the states of this model are coupled",
                where=f"{population}: {self.model.name}",
                got=f"{self.program.neuron.matrix.tolist()} for {', '.join(self.program.neuron.states)}",
                expected="states that decay each on its own",
                remedy="use SteppedLayer, as Network does by itself",
            )

    # -- evaluating the program --------------------------------------------------------------------------------------

    def _synaptic_path(self, path: Path, projection: Projection, values: Mapping[str, Any], gained: bool) -> DecayPath:
        decay = self.evaluated(path.decay, values)
        size = path.gain * path.amplitude if gained else path.amplitude
        amplitude = self.evaluated(size, values)
        if projection.kind == "recurrent" and self.spec.step_order.decays_in_same_step("recurrent"):
            amplitude = amplitude * decay
        return DecayPath(self.connected(amplitude, projection), decay)

    def paths(self, kind: str, *, gained: bool = True) -> list[DecayPath]:
        """The evaluated paths of a ``kind``: of a projection (``"feedforward"``, ``"recurrent"``) or of the reset (``"reset"``).

        With ``gained=False`` only up to the state that the event jumps to, and not on to v.
        """
        if kind == "reset":
            values = self.with_decays(neuron_values(self.spec, self.population, self.physical_values()), "")
            found = []
            for path in self.program.reset_paths:
                decay = self.evaluated(path.decay, values)
                amplitude = self.evaluated(path.gain * path.amplitude if gained else path.amplitude, values)
                found.append(DecayPath(amplitude * decay if self.spec.step_order.decays_in_same_step("reset") else amplitude, decay))
            return found
        if kind not in self.projections:
            return []
        projection = self.projections[kind]
        values = self.with_decays(synapse_values(self.spec, projection, self.physical_values()), projection.name)
        return [self._synaptic_path(path, projection, values, gained) for path in self.program.synaptic_paths]

    # -- running -----------------------------------------------------------------------------------------------------

    def forward(self, x: Tensor, state: LayerState | None = None) -> tuple[Tensor, LayerState]:
        """Run over time.

        Parameters
        ----------
        x
            Input spikes or values, shape (time, batch, pre).
        state
            From the call before, to go on where it stopped.

        Returns
        -------
        out : Tensor, shape (time, batch, post)
            Spikes, or v for a readout.
        state : LayerState
        """
        z, v, state = self.run(x.to(self.dtype), state)
        return (v if z is None else z), state

    def run(self, x: Tensor, state: LayerState | None = None) -> tuple[Tensor | None, Tensor, LayerState]:
        """Like :meth:`forward`, with spikes (None for a readout) and v."""
        feedforward, recurrent, resets = (self.paths(kind) for kind in ("feedforward", "recurrent", "reset"))
        n = x.shape[0]
        if n > CHUNK and any(not is_tied(path.rho) for path in recurrent) and not spans_any_time(feedforward[0].amplitude, self.surrogate):
            spikes, voltages = [], []
            for piece in x.split(CHUNK):
                z, v, state = self.run(piece, state)
                spikes.append(z)
                voltages.append(v)
            assert state is not None
            return torch.cat([z for z in spikes if z is not None]), torch.cat(voltages), state
        carried = {} if state is None else state.carried
        v = reduce(torch.add, (exponential_filter(x, w, rho, carried.get(f"feedforward {k}")) for k, (w, rho) in enumerate(feedforward)))
        z = None
        if self.program.theta is not None:
            for k, (_, rho) in enumerate(recurrent):
                if f"recurrent {k}" in carried:
                    v = v + spread_carry(carried[f"recurrent {k}"], rho, n)
            for k, (_, rho) in enumerate(resets):
                if f"reset {k}" in carried:
                    v = v + spread_carry(carried[f"reset {k}"], rho, n)
            if self.noise is not None and self.training:
                v = v + self.noise.like(v, self.spec.dt_s, self.share)
            theta = self.evaluated(
                self.program.theta, self.with_decays(neuron_values(self.spec, self.population, self.physical_values()), "")
            )
            z, v = spiking_scan(v, recurrent, resets, theta, self.surrogate)

        # An optimiser may change the parameters in place before the state is used: it must belong to the values that this call ran with.
        feedforward_then, recurrent_then, resets_then = (
            [DecayPath(w.clone(), rho.clone()) for w, rho in paths] for paths in (feedforward, recurrent, resets)
        )

        def compute() -> dict[str, Tensor]:
            new = {}
            for k, (w, rho) in enumerate(feedforward_then):
                new[f"feedforward {k}"] = filter_carry(x, w, rho, carried.get(f"feedforward {k}"), delay=0)
            if z is not None:
                for k, (w, rho) in enumerate(recurrent_then):
                    new[f"recurrent {k}"] = filter_carry(z, w, rho, carried.get(f"recurrent {k}"), delay=1)
                for k, (amplitude, rho) in enumerate(resets_then):
                    per_neuron = torch.diag(amplitude.expand(z.shape[2]))  # a reset is a synapse of the neuron onto itself
                    new[f"reset {k}"] = filter_carry(z, per_neuron, rho, carried.get(f"reset {k}"), delay=1)
            return new

        return z, v, LayerState(compute)

"""The base of the layers of ``hs.nn``: one population as a torch module, run over one step or over many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from brian2 import Quantity
from torch import Tensor, nn

from ...data.axes import check_is_array, check_state, warn_of_batch_first
from ...discrete import is_filter, is_time_constant
from ...errors import DataError, finite, one_of
from ...kernels import SurrogateDerivative
from ...models import MTC, HomNeuLIF
from ...spec import Layer, NetworkSpec, NeuronModel, ParameterSlot
from ...spec.quantities import QuantityLike, to_si
from ..bijections import TimeConstants
from ..layer import SpikingLayer
from ..layer_run import LayerRun
from ..population import PopulationLayer
from ..stepped_layer import SteppedLayer
from ..surrogates import get_surrogate
from ..wiring import ALL_TO_ALL, Wiring


class NeuronLayer(nn.Module):
    """Neurons of one model, with the synapses onto them. Made as :class:`Dense`, :class:`Elementwise` or :class:`Convolution`.

    Called with ``x`` and the state from the call before, it returns ``(out, state)``: spikes, or the graded output of a model that has
    one, or v of a readout. How many axes ``x`` has says whether it is one step or a sequence; a batch axis is always there:

    ======================  =============================================================
    one step                ``(batch, *sample)``
    a sequence              ``(time, batch, *sample)``; with ``batch_first`` ``(batch, time, *sample)``
    ======================  =============================================================

    No state is kept in the module: without one, a call begins at rest, and what goes on gets the state that was returned.

    Attributes
    ----------
    model : NeuronModel
        The neuron.
    neurons : PopulationLayer
        The layer of :mod:`hetsyn_sim.training` that does the work. Its parameters are the raw numbers that the optimiser moves, for a time
        constant by default a place between its bounds; :meth:`values` has what they mean.
    spec : NetworkSpec
        What the layer is in a network of its own.
    batch_first : bool
        Whether sequences are (batch, time, ...).
    sample : str
        The axes of one sample, for messages.
    """

    def __init__(
        self,
        model: NeuronModel,
        n_pre: int,
        n_post: int,
        *,
        dt: QuantityLike,
        recurrent: bool = False,
        self_connections: bool = True,
        surrogate: str | SurrogateDerivative = "arctan",
        batch_first: bool | None = None,
        time_constants: TimeConstants = "log_tau",
        wiring: Wiring = ALL_TO_ALL,
    ) -> None:
        super().__init__()
        self.model, self.batch_first, self._takes_for_granted = model, bool(batch_first), batch_first is None
        self.spec = _spec(model, n_pre, n_post, dt, recurrent, self_connections)
        name = "layer_1" if model.spiking else "readout"
        population = self.spec.population(name)
        kind = SpikingLayer if is_filter(model, population.step_order) else SteppedLayer
        # a seed of torch's own generator, as for every module: two layers of one shape begin differently, after torch.manual_seed alike
        start = self.spec.initial_values(int(torch.randint(2**62, ()).item()))
        own = hasattr(surrogate, "derivative") and not isinstance(surrogate, type)
        chosen: Any = surrogate if own else get_surrogate(surrogate)  # type: ignore[arg-type]
        self.neurons: PopulationLayer = kind(self.spec, name, start, chosen, time_constants, wiring=wiring, names=_name)

    # -- the shape of a sample, which the forms know -----------------------------------------------------------------

    @property
    def sample(self) -> tuple[int | None, ...]:
        """The shape of what arrives in one step of one recording; None where it may be anything."""
        raise NotImplementedError

    def shape_after(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the neurons for samples of a shape."""
        raise NotImplementedError

    def _flat(self, x: Tensor) -> Tensor:
        """From (time, batch, *sample) to (time, batch of the neurons, pre)."""
        raise NotImplementedError

    def _shaped(self, flat: Tensor, x: Tensor) -> Tensor:
        """From (time, batch of the neurons, post) to what the layer gives for x, (time, batch, ...)."""
        raise NotImplementedError

    def _axes(self, slot: ParameterSlot) -> tuple[int, ...]:
        """The shape in which a slot's values are shown."""
        return slot.shape

    # -- running -----------------------------------------------------------------------------------------------------

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Run over one step or a sequence.

        Parameters
        ----------
        x
            Spikes or values, ``(batch, *sample)`` for one step, ``(time, batch, *sample)`` for a sequence.
        state
            From the call before, to go on where it stopped; None begins at rest.

        Returns
        -------
        out : Tensor
            As long as x. The graded output if the model has one; else spikes, or v of a readout.
        state
            To go on with; ``state.detach()`` cuts it from the graph.

        Raises
        ------
        DataError
            If x has another shape, or is empty, or the state is one of another batch.
        """
        run = self.run(x, state)
        return run.out, run.state

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # the kernels are compiled already; torch.compile takes the modules around them
    def run(self, x: Tensor, state: Any = None) -> LayerRun:
        """The same with v before the reset and, where there are any, spikes and graded output, each in the shape of the output."""
        check_is_array(x, Tensor, where=str(self))
        steps = self._steps(x)
        one_step = x.dim() == len(self.sample) + 1
        if self._takes_for_granted and state is None and 1 < steps.shape[0] < steps.shape[1]:
            warn_of_batch_first(steps.shape, self.spec.dt_s, self._slowest(), where=str(self))
        flat = self._flat(steps.to(self.neurons.dtype))
        if state is not None:
            check_state(state, flat.shape[1], where=str(self))
        run = self.neurons.run(flat, state)

        def shaped(flat: Tensor | None) -> Tensor | None:
            if flat is None:
                return None
            out = self._shaped(flat, steps)
            return out[0] if one_step else out.transpose(0, 1) if self.batch_first else out

        v = shaped(run.v)
        assert v is not None
        return replace(run, z=shaped(run.z), v=v, output=shaped(run.output))

    def _slowest(self) -> float:
        """A typical time constant of the slowest kind, in seconds."""
        return max(
            (float(self.neurons.physical(k).detach().median()) for k, s in self.neurons.slots.items() if is_time_constant(s)), default=0.0
        )

    def _steps(self, x: Tensor) -> Tensor:
        """x as (time, batch, *sample)."""
        sample, n = self.sample, len(self.sample)
        fits = x.dim() in (n + 1, n + 2) and 0 not in x.shape
        if not fits or any(wanted not in (None, got) for wanted, got in zip(sample, x.shape[x.dim() - n :], strict=True)):
            axes = ", ".join("any" if size is None else str(size) for size in sample)
            order = "batch, time" if self.batch_first else "time, batch"
            raise DataError(
                "this input does not fit the layer",
                where=str(self),
                got=f"shape {tuple(x.shape)}",
                expected=f"({order}, {axes}) for a sequence, (batch, {axes}) for one step, none of them 0",
                remedy="give a batch axis, also of a single recording, and samples of that shape",
            )
        if x.dim() == n + 1:
            return x[None]
        return x.transpose(0, 1) if self.batch_first else x

    # -- values ------------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, Tensor]:
        """What the parameters mean, in SI units: ``feedforward.w``, ``feedforward.tau_syn``, ``recurrent.w``, ``neuron.theta``.

        Differentiable, for a penalty on weights or time constants.
        """
        return {key.split(".", 1)[1]: self.neurons.physical(key).reshape(self._axes(slot)) for key, slot in self.neurons.slots.items()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Give parameters other values: SI numbers, Brian2 quantities or text with a unit, which broadcast to the shapes of :meth:`values`.

        Raises
        ------
        UnknownNameError
            If there is no such parameter.
        DataError
            If a value has another shape, or is not finite.
        SpecError
            If it has another unit, or is trainable and outside of its bounds.
        """
        slots = {key.split(".", 1)[1]: slot for key, slot in self.neurons.slots.items()}
        found = {}
        for name, value in values.items():
            slot: ParameterSlot = one_of(name, slots, "parameter of this layer", where=str(self))
            if isinstance(value, str | Quantity) and np.ndim(value) == 0:
                value = to_si(value, slot.parameter.unit, where=name)
            array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, dtype=np.float64)
            try:
                array = np.broadcast_to(array, self._axes(slot)).reshape(slot.shape)
            except ValueError as error:
                raise DataError(
                    "these values do not fit the parameter",
                    where=f"{self}: {name}",
                    got=f"shape {array.shape}",
                    expected=f"{self._axes(slot)}, or what broadcasts to it",
                    remedy="look at layer.values()",
                ) from error
            if not is_time_constant(slot):
                finite(array, f"the value of {name}", where=str(self), remedy="give finite numbers")
            found[slot.key] = array
        for key, array in found.items():
            self.neurons.set_(key, array)

    def clamp_(self) -> None:
        """Bring clamped decays, and time constants that are trained as they are, back into their range: to be called after each optimiser
        step, and nothing where they are trained in the default way.
        """
        self.neurons.clamp_()

    # -- how it looks ------------------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return self.model.name

    def _size(self) -> str:
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Sizes, dt, and what is not as by default."""
        facts = [self._size(), f"dt={self.spec.dt_s * 1e3:g} ms"]
        if "recurrent" in self.neurons.projections:
            facts.append(
                "recurrent=True" if self.neurons.projections["recurrent"].self_connections else "recurrent=True, self_connections=False"
            )
        if self.model.spiking:
            facts.append(f"surrogate={self.neurons.surrogate}")
        return ", ".join(facts + ["batch_first=True"] * self.batch_first)

    def __repr__(self) -> str:
        return f"{self._get_name()}({self.extra_repr()})"


def with_facts(model: NeuronModel, facts: Mapping[str, Any]) -> NeuronModel:
    """The model with other facts about parameters: how one begins, ``"20 ms"``, or several, ``{"initial": "20 ms", "trainable": True}``."""
    return model.with_parameters(**{name: fact if isinstance(fact, Mapping) else {"initial": fact} for name, fact in facts.items()})


def _name(key: str) -> str:
    return key.split(".", 1)[1].replace(".", "_")  # layer_1.feedforward.w -> feedforward_w


def _spec(model: NeuronModel, n_pre: int, n_post: int, dt: QuantityLike, recurrent: bool, self_connections: bool) -> NetworkSpec:
    if model.spiking:
        return NetworkSpec(dt, n_pre, [Layer(model, n_post, recurrent, self_connections)])
    # a readout stands behind a layer, of which here only the number of its neurons matters, and what they put out
    return NetworkSpec(dt, 1, [Layer(MTC if model.takes_values else HomNeuLIF, n_pre)], Layer(model, n_post, recurrent))

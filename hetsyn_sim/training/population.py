"""The base of all layers: one population as a torch module, with its parameters as the optimiser moves them and as physical values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, get_args

import numpy as np
import sympy
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..discrete import evaluate
from ..errors import one_of
from ..kernels import SurrogateDerivative
from ..kernels.operations import TORCH
from ..spec import NetworkSpec, NeuronModel, Projection
from ..spec.equations import symbol
from ..spec.scope import DELAY
from ..spec.summary import milliseconds
from .bijections import Bijection, RhoClamped, TimeConstants, check_bounds, choose_bijection, clamp_range
from .layer_run import LayerRun
from .modules import MadeOnDemand, UniformModule
from .randomness import CountedNoise, Noise, Share
from .state_dict import EXTRA, Meaning, convert_
from .wiring import ALL_TO_ALL, Wiring


def _attribute(key: str) -> str:
    return key.replace(".", "__")


class PopulationLayer(UniformModule):
    """One population of a network with the projections onto it: parameters, and expressions evaluated with them.

    Parameters
    ----------
    spec
        The network it belongs to.
    population
        Its name: ``"layer_1"``, ..., ``"readout"``.
    values
        Parameter values in SI units by slot key; may hold other populations' too.
    surrogate
        Replaces the derivative of a spike.
    time_constants
        ``"log_tau"``: a logistic of log tau between the bounds; ``"rho_clamped"``: the decay, clamped to [0, 1] after each step;
        ``"tau"``: tau in seconds, kept above its lower bound after each step.
    trainable
        False keeps every value exactly as given, without a bijection, for evaluation.
    reset_gradient
        Whether gradients go through the choice of who is reset. Only for models that are stepped; for filters it is part of the derivative.
    wiring
        Which neurons an input reaches: all, or (:data:`~hetsyn_sim.training.wiring.ONE_TO_ONE`) its own, in a spec of one source.
    names
        What the parameter or buffer of a slot is called, by the slot's key.

    Attributes
    ----------
    noise
        Fluctuations of v before the threshold, in training mode. (Noise in the equations, ``xi``, is part of the model.)
    share
        The part of a batch that this process computes.
    interpolates
        Whether delays that are trained lie between two steps; by default they do in training mode.

    Raises
    ------
    SpecError
        If a trainable value is outside of its bounds.
    UnknownNameError
        If ``time_constants`` is none of these.
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
        reset_gradient: bool = True,
        wiring: Wiring = ALL_TO_ALL,
        names: Callable[[str], str] = _attribute,
    ) -> None:
        super().__init__()
        self.wiring, self._name = wiring, names
        one_of(time_constants, get_args(TimeConstants), "way to train time constants", where="time_constants")
        self.spec, self.population, self.surrogate, self.reset_gradient = spec, population, surrogate, reset_gradient
        self.noise: Noise | None = None
        self.share: Share | None = None
        self.interpolates: bool | None = None
        self.model: NeuronModel = spec.population(population).model
        self.projections: dict[str, Projection] = {p.kind: p for p in spec.projections_to(population)}
        self.slots = {key: slot for key, slot in spec.slots.items() if key.split(".")[0] == population}
        self.bijections: dict[str, Bijection] = {}
        self._given: dict[str, NDArray[np.float64]] = {}
        for key, slot in self.slots.items():
            value = np.asarray(values[key], dtype=np.float64)
            if trainable and slot.parameter.trainable:
                # of the spec and not of this network: another one has the same bijections
                starts = partial(_starts, spec, key)
                bijection = choose_bijection(slot, dt=spec.dt_s, time_constants=time_constants, starts=starts)
                check_bounds(slot, value, bijection)
                self.bijections[key] = bijection
                self.register_parameter(names(key), nn.Parameter(_tensor(bijection.raw(value))))
            else:
                self._given[key] = value
                self.register_buffer(names(key), _tensor(value))
        self._derive_program()

    def _derive_program(self) -> None:
        raise NotImplementedError

    @property
    def dtype(self) -> torch.dtype:
        """The precision of its parameters."""
        return self.raw(next(iter(self.slots))).dtype  # not by parameters(): a replica of nn.DataParallel has none

    @property
    def device(self) -> torch.device:
        """Where its parameters are."""
        return self.raw(next(iter(self.slots))).device

    def run(self, x: Tensor, state: Any = None, record: Collection[str] = (), noise: CountedNoise | None = None) -> LayerRun:
        """Run over time, from ``state`` or from rest, with traces of the states and synaptic sums that ``record`` names.

        ``noise`` says which numbers noise in the equations is made of; by default new ones in training mode, else those of seed 0.
        """
        raise NotImplementedError

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
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
            The graded output if the model has one; else spikes, or v of a readout.
        state : PopulationState
        """
        run = self.run(x.to(self.dtype), state)
        return run.out, run.state

    def extra_repr(self) -> str:
        """Sizes, model and dt, for ``print``."""
        n_pre = " + ".join(str(projection.n_pre) for projection in self.projections.values()) or "none"
        return f"{n_pre} -> {self.spec.population(self.population).size}, {self.model.name}, dt = {milliseconds(self.spec.dt_s)}"

    def raw(self, key: str) -> Tensor:
        """The tensor behind a slot: what the optimiser moves, or the fixed value."""
        tensor: Tensor = getattr(self, self._name(key))
        return tensor

    def physical(self, key: str) -> Tensor:
        """The slot's value in SI units."""
        return self.bijections[key].value(self.raw(key)) if key in self.bijections else self.raw(key)

    @torch.no_grad()
    def stored(self, key: str) -> NDArray[np.floating]:
        """The slot's value in SI units, to be kept: what is not trained is as it was given, and not rounded to the layer's precision."""
        value: NDArray[np.floating] = self.physical(key).numpy(force=True).copy()
        given = self._given.get(key)
        return value if given is None or not np.array_equal(given.astype(value.dtype), value) else given.copy()

    @torch.no_grad()
    def set_(self, key: str, value: NDArray[np.floating]) -> None:
        """Give the slot another value, in SI units, of its shape.

        Raises
        ------
        SpecError
            If it is trainable and outside of its bounds.
        """
        given = np.array(value, dtype=np.float64)
        bijection = self.bijections.get(key)
        if bijection is None:
            self._given[key] = given
        else:
            check_bounds(self.slots[key], given, bijection)
        raw = self.raw(key)
        raw.copy_(torch.as_tensor(given if bijection is None else bijection.raw(given), dtype=raw.dtype))

    @torch.no_grad()
    def clamp_(self) -> None:
        """Bring clamped decays back into [0, 1], and time constants that are trained as they are above their lower bound.

        To be called after each optimiser step.
        """
        for key, bijection in self.bijections.items():
            if limits := clamp_range(bijection):
                self.raw(key).clamp_(*limits)

    # -- state dicts ---------------------------------------------------------------------------------------------------

    def get_extra_state(self) -> Tensor:
        """What the raw numbers mean, for the state dict: :class:`~hetsyn_sim.training.state_dict.Meaning`."""
        return self._meaning().to_tensor()

    def set_extra_state(self, state: Tensor) -> None:
        """Take over how filters are computed. The numbers have been converted by it before they are loaded."""
        self.use_forms(Meaning.from_tensor(state, where=f"{self.population}.{EXTRA}").forms)

    def _meaning(self) -> Meaning:
        return Meaning({key: slot.parameter.unit for key, slot in self.slots.items()}, self.bijections, self.described_forms())

    def described_forms(self) -> dict[str, dict[str, Any]]:
        """Kind of projection -> how its filter is computed in float32, with tolerance and nodes; of those that have been chosen."""
        return {}

    def use_forms(self, described: Mapping[str, Mapping[str, Any]]) -> None:
        """Compute filters as another layer has (:meth:`described_forms`), instead of choosing what costs less here."""

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        names = {key: prefix + self._name(key) for key in self.slots}
        convert_(state_dict, names, self.slots, self._meaning(), where=prefix + EXTRA)
        super()._load_from_state_dict(state_dict, prefix, *args)

    # -- delays ------------------------------------------------------------------------------------------------------

    def delay(self, kind: str) -> Tensor | None:
        """The delay of every synapse of a ``kind`` of projection in steps, (post, pre); None where spikes arrive at once.

        A whole number, as in Brian2: only in training mode, what is trained lies between two steps, so that it has a derivative.
        """
        key = f"{self.population}.{kind}.{DELAY}"
        if key not in self.slots:
            return None
        projection, axes = self.projections[kind], self.slots[key].parameter.axes
        # divided in double precision, as everywhere: a delay of two and a half steps must not be rounded by how it was divided
        steps = self.physical(key).double() / self.spec.dt_s
        learned = key in self.bijections and self.training if self.interpolates is None else self.interpolates
        if not (learned and self.slots[key].parameter.trainable):
            steps = steps.detach().round()
        return (steps[:, None] if axes == "post" else steps).to(self.dtype).expand(projection.n_post, projection.n_pre)

    def n_lags(self, kind: str) -> int:
        """How many steps of its source a projection with a delay looks back at most, while it is trained too."""
        key = f"{self.population}.{kind}.{DELAY}"
        longest = self.slots[key].parameter.si_bounds[1] if key in self.bijections else float(self.physical(key).max())
        return round(longest / self.spec.dt_s) + 2

    # -- evaluating expressions ---------------------------------------------------------------------------------------

    def evaluated(self, expression: sympy.Expr, values: Mapping[str, Any]) -> Tensor:
        """An expression's value, in the layer's precision; ``values`` as :meth:`with_decays` gives them."""
        for key, bijection in self.bijections.items():
            if isinstance(bijection, RhoClamped):
                for name in (self.slots[key].name, f"{self.slots[key].name}_post"):
                    decay = sympy.exp(-symbol("dt") / symbol(name))
                    expression = expression.subs(decay, symbol(f"decay_of_{name}"))
        return torch.as_tensor(evaluate(expression, values, TORCH), dtype=self.dtype, device=self.device)

    def connected(self, amount: Tensor, projection: Projection) -> Tensor:
        """An amount for every synapse, shape (post, pre): 0 where neurons have no synapse onto themselves."""
        amount = amount.expand(projection.n_post, projection.n_pre)
        if projection.self_connections:
            return amount
        return amount * (1.0 - torch.eye(projection.n_post, dtype=amount.dtype, device=amount.device))

    def physical_values(self) -> Mapping[str, Tensor]:
        """Physical values by slot key, each made when it is asked for: one for every synapse costs as much as a step of the neurons."""
        return MadeOnDemand(self.slots, self.physical)

    def with_decays(self, values: dict[str, Any], projection: str) -> dict[str, Any]:
        """The values, and the decays that are trained themselves, as a projection's synapses see them, or (``""``) the neuron."""
        for key, bijection in self.bijections.items():
            slot = self.slots[key]
            if isinstance(bijection, RhoClamped) and slot.owner in (projection, f"{self.population}.neuron"):
                on_neuron_seen_by_synapse = projection != "" and slot.owner.endswith(".neuron")
                name = f"{slot.name}_post" if on_neuron_seen_by_synapse else slot.name
                raw = self.raw(key)
                values[f"decay_of_{name}"] = raw[..., None] if projection != "" and slot.parameter.axes == "post" else raw
        return values


def _tensor(value: NDArray[np.floating]) -> Tensor:
    return torch.as_tensor(np.array(value), dtype=torch.get_default_dtype())


def _starts(spec: NetworkSpec, key: str) -> NDArray[np.float64]:
    return spec.initial_values(0)[key]

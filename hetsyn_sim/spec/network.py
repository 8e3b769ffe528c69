"""A network: layers of neurons, the projections between them, a readout, dt and the order inside a step."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SpecError, one_of
from .grammar.text import read_yaml, write_yaml
from .model import NeuronModel
from .network_rules import NETWORK_RULES
from .parts import Layer, ParameterSlot, Population, Projection
from .quantities import QuantityLike, format_quantity, to_si
from .step_order import DEFAULT_STEP_ORDER, StepOrder
from .summary import Summarised, count, milliseconds

#: What describes a network as plain data.
_SECTIONS = ("dt", "n_input", "step_order", "layers", "readout", "models")


@dataclass(frozen=True, repr=False)
class NetworkSpec(Summarised):
    """A feed-forward stack of (recurrent) layers with an optional readout.

    Populations are called ``layer_1``, ``layer_2``, ..., ``readout``; their projections ``layer_1.feedforward`` and ``layer_1.recurrent``.

    Parameters
    ----------
    dt
        Time step: a Brian2 quantity, text such as ``"4 ms"``, or a number in seconds. It comes from the data.
    n_input
        Number of input channels.
    layers
        At least one, each with a threshold.
    readout
        A layer without threshold whose ``v`` is the network's output. Optional.
    step_order
        The order inside a step, of all layers whose model has no order of its own. Left out, it is the default one.

    Raises
    ------
    SpecError
        If a rule of :mod:`hetsyn_sim.spec.network_rules` is broken: a size is not a positive integer, dt not a positive time, a layer does
        not spike, the readout does, or a name means one thing at synapses and another in the neurons before them.
    """

    dt: QuantityLike
    n_input: int
    layers: Sequence[Layer]
    readout: Layer | None = None
    step_order: StepOrder | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.layers, Sequence):
            raise SpecError(
                "layers are a list",
                where="layers",
                got=type(self.layers).__name__,
                expected="[Layer(model, size), ...]",
                remedy="put a single layer into brackets: layers=[hs.Layer(HetSynLIF, 128)]",
            )
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "dt", to_si(self.dt, "second", where="NetworkSpec.dt"))
        if self.step_order is None:
            own = [layer.model.step_order for layer in self.layers if isinstance(layer, Layer)]
            object.__setattr__(self, "step_order", own[0] if own and None not in own else DEFAULT_STEP_ORDER)
        for rule in NETWORK_RULES:
            rule(self)

    @property
    def takes_values(self) -> bool:
        """Whether its input is values (``x_pre`` of the first layer), and not spikes."""
        return self.layers[0].model.takes_values

    @property
    def dt_s(self) -> float:
        """The time step in seconds."""
        return float(self.dt)  # a number since __post_init__

    @cached_property
    def populations(self) -> tuple[Population, ...]:
        """All populations in the order a spike travels: the layers, then the readout."""
        named = [(f"layer_{k}", layer) for k, layer in enumerate(self.layers, start=1)]
        if self.readout is not None:
            named.append(("readout", self.readout))
        network = self.step_order or DEFAULT_STEP_ORDER
        return tuple(Population(name, layer.model, layer.size, layer.model.step_order or network) for name, layer in named)

    @cached_property
    def phases(self) -> list[str] | dict[str, list[str]]:
        """The order inside a step, phase by phase; for each layer, where they differ."""
        orders = {p.name: list(p.step_order.phases) for p in self.populations if p.model.spiking}
        first, *others = orders.values()
        return first if all(other == first for other in others) else orders

    @cached_property
    def projections(self) -> tuple[Projection, ...]:
        """All projections, grouped by target, feed-forward before recurrent."""
        found = []
        source, n_pre = "input", self.n_input
        for population, layer in zip(self.populations, (*self.layers, self.readout), strict=False):
            assert layer is not None
            name, n = population.name, population.size
            found.append(Projection(f"{name}.feedforward", source, name, "feedforward", n_pre, n))
            if layer.recurrent:
                found.append(Projection(f"{name}.recurrent", name, name, "recurrent", n, n, layer.self_connections))
            source, n_pre = name, n
        return tuple(found)

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        facts = {"dt": milliseconds(self.dt_s), "input": count(self.n_input, "channel")}
        for population in self.populations:
            recurrent = any(p.kind == "recurrent" for p in self.projections_to(population.name))
            facts[population.name] = f"{population.size:,} {population.model.name}" + (", recurrent" if recurrent else "")
        return facts | {"trained": count(sum(math.prod(s.shape) for s in self.slots.values() if s.parameter.trainable), "value")}

    def population(self, name: str) -> Population:
        """The population called ``name``.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        population: Population = one_of(name, {p.name: p for p in self.populations}, "population", where="NetworkSpec")
        return population

    def projections_to(self, population: str) -> tuple[Projection, ...]:
        """The projections whose target is ``population``."""
        return tuple(p for p in self.projections if p.target == population)

    @cached_property
    def slots(self) -> Mapping[str, ParameterSlot]:
        """Every array of parameter values, by its key: ``layer_1.feedforward.w``, ``layer_1.neuron.theta``."""
        slots = []
        for projection in self.projections:
            model = self.population(projection.target).model
            for name, parameter in model.parameters_of("synapse").items():
                shape = parameter.shape(projection.n_post, projection.n_pre)
                bare = parameter.axes == "post pre" and not projection.self_connections
                slots.append(ParameterSlot(f"{projection.name}.{name}", projection.name, name, parameter, shape, bare))
        for population in self.populations:
            for name, parameter in population.model.parameters_of("neuron").items():
                owner = f"{population.name}.neuron"
                slots.append(ParameterSlot(f"{owner}.{name}", owner, name, parameter, parameter.shape(population.size, 1)))
        return {slot.key: slot for slot in slots}

    def initial_values(self, seed: int) -> dict[str, NDArray[np.float64]]:
        """Values for every slot, in SI units, inside the bounds; the same seed gives the same values.

        Each slot has a stream of its own, keyed by its name, so that adding a layer does not change the others.
        """
        values = {}
        for key, slot in self.slots.items():
            stream = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
            sampled = slot.parameter.distribution.sample(np.random.default_rng([seed, stream]), slot.shape)
            values[key] = np.clip(sampled, *slot.parameter.si_bounds)
        return values

    # -- text --------------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Plain data that :meth:`from_dict` reads back to an equal spec; models are written out in full, once each."""
        every = (*self.layers, *(() if self.readout is None else (self.readout,)))
        models: list[NeuronModel] = []
        for layer in every:
            if layer.model not in models:
                models.append(layer.model)

        def plain(layer: Layer) -> dict[str, Any]:
            facts: dict[str, Any] = {"model": models.index(layer.model), "size": layer.size}
            if layer.recurrent:
                facts |= {"recurrent": True, "self_connections": layer.self_connections}
            return facts

        written: dict[str, Any] = {"dt": format_quantity(self.dt_s, "ms"), "n_input": self.n_input}
        written["step_order"] = list((self.step_order or DEFAULT_STEP_ORDER).phases)
        written["layers"] = [plain(layer) for layer in self.layers]
        if self.readout is not None:
            written["readout"] = plain(self.readout)
        return written | {"models": [model.to_dict() for model in models]}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> NetworkSpec:
        """The spec that :meth:`to_dict` described.

        Raises
        ------
        SpecError
            If it is not such a description, or a rule is broken.
        """
        try:
            if unknown := sorted(map(str, set(plain) - set(_SECTIONS))):
                raise TypeError(f"unknown {', '.join(unknown)}"[:300])
            models = [NeuronModel.from_dict(m) for m in plain["models"]]
            layers = [Layer(**{**layer, "model": models[layer["model"]]}) for layer in plain["layers"]]
            readout = plain.get("readout")
            return cls(
                dt=plain["dt"],
                n_input=plain["n_input"],
                layers=layers,
                readout=None if readout is None else Layer(**{**readout, "model": models[readout["model"]]}),
                step_order=StepOrder(tuple(plain["step_order"])),
            )
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise SpecError(
                "this is not the description of a network",
                where="NetworkSpec",
                got=f"{type(error).__name__}: {error}",
                expected=f"what NetworkSpec.to_dict writes: {', '.join(_SECTIONS)}",
                remedy="write the file anew from a NetworkSpec",
            ) from error

    def to_text(self) -> str:
        """The spec as YAML, for people to read and for :meth:`from_text`."""
        return write_yaml(self.to_dict())

    @classmethod
    def from_text(cls, text: str) -> NetworkSpec:
        """The spec that :meth:`to_text` wrote."""
        return cls.from_dict(read_yaml(text, where="NetworkSpec"))

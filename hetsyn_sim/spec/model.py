"""A neuron model: equations, jumps, threshold and parameters, in Brian2's language, immutable and validated when made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

from ..errors import SpecError
from .derived import ModelText
from .grammar.text import read_yaml, write_yaml
from .initial import Uniform
from .parameter import Parameter
from .poisson import PoissonDrive
from .rules import RULES
from .scope import DELAY, changed_parameters
from .step_order import StepOrder
from .summary import Summarised

_TEXTS = ("name", "synapse", "on_pre", "neuron", "threshold", "reset", "reference", "scheme", "synapse_scheme", "refractory", "output")


@dataclass(frozen=True, repr=False)
class NeuronModel(ModelText, Summarised):
    """One neuron with its synapses, written once, in continuous time.

    Parameters
    ----------
    name
        How it is called in networks, checkpoints and messages: letters, digits and _.
    neuron
        Differential equations and subexpressions of the neuron. It must define ``v``. ``X_syn`` is the sum of the synaptic state ``X`` over
        all of the neuron's synapses; a differential equation sees it as it was at the end of the step before. A state that stands still
        while the neuron is refractory has Brian2's flag ``(unless refractory)``. Noise is ``xi``, with names after it ``xi_1``: each neuron
        has its own, and different names are independent.
    on_pre
        What a presynaptic spike does, statement by statement: ``"I += w"``, or ``"v_post += w"`` to act on the neuron itself. Statements
        may read and set the synapse's own states, as in ``"u += U*(1 - u); I += w*u*x; x -= u*x"``; what acts on the neuron is added. A
        name that nothing else has may be set for the statements after it: ``"r = u*x; x -= r; I += w*r"``.
    synapse
        Differential equations of the states that every single synapse has. A subexpression of states can be summed, too: ``"g = w*s : 1"``
        for ``g_syn``. Or, for an analogue source, a subexpression of its output ``x_pre``: ``"I = w*x_pre : 1"``, whose sum is ``I_syn``.
        May be empty.
    threshold, reset
        ``"v > theta"`` and what a spike does to the neuron, statement by statement. Both empty: a readout.
    parameters
        Name -> :class:`Parameter`. One called ``delay`` is of the synapses, and says how much later spikes arrive (:meth:`with_delay`).
    reference
        Where the equations are published.
    scheme
        How the neuron's differential equations are discretised: ``"exact"`` for linear ones, else one of
        :data:`~hetsyn_sim.spec.rules_of_parts.SCHEMES`, which Brian2 then uses too.
    synapse_scheme
        The same for the synapse's differential equations.
    refractory
        How long a neuron can't spike after a spike (an expression in parameters, a time); or the text of the threshold, if a spike is the
        moment in which it is crossed: it then needs no reset.
    initial
        State, of the neuron or of each synapse, -> what it is where a recording begins, as an expression in its parameters. 0 for all
        others.
    output
        A subexpression or state of the neuron that the next layer receives as its ``x_pre``: a graded spike. Empty: spikes.
    step_order
        The order inside a step that the neuron is published with. None: the network's.
    poisson
        Sources at random that act on the neuron, each a :class:`~hetsyn_sim.spec.poisson.PoissonDrive`.

    Raises
    ------
    SpecError
        If a rule of :mod:`hetsyn_sim.spec.rules` is broken.
    """

    name: str
    neuron: str
    on_pre: str
    synapse: str = ""
    threshold: str = ""
    reset: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    reference: str = ""
    scheme: str = "exact"
    refractory: str = ""
    initial: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    step_order: StepOrder | None = None
    synapse_scheme: str = "exact"
    poisson: tuple[PoissonDrive, ...] = ()

    def __post_init__(self) -> None:
        for text in ("synapse", "neuron", "on_pre", "reset"):
            lines = (line.strip() for line in getattr(self, text).splitlines())
            object.__setattr__(self, text, "\n".join(line for line in lines if line))
        if isinstance(self.reference, str):  # one line, whatever it is printed into
            object.__setattr__(self, "reference", " ".join(self.reference.split()))
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "initial", MappingProxyType(dict(self.initial)))
        drives = tuple(d if isinstance(d, PoissonDrive) else PoissonDrive(**d) for d in self.poisson)
        object.__setattr__(self, "poisson", drives)
        order: Any = self.step_order  # a plain list of phases will do
        if order is not None and not isinstance(order, StepOrder):
            object.__setattr__(self, "step_order", StepOrder(tuple(order)))
        for rule in RULES:
            rule(self)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.to_text())

    def __reduce__(self) -> tuple[Any, ...]:
        # parsed expressions are cached on the instance and need not travel to other processes
        return NeuronModel.from_dict, (self.to_dict(),)

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        texts = {name: getattr(self, name) for name in ("neuron", "synapse", "on_pre", "threshold", "reset", "scheme")}
        return {"name": self.name, **{label: text for label, text in texts.items() if text}, "parameters": ", ".join(self.parameters)}

    @classmethod
    def from_brian2(cls, group: Any, synapses: Any = None, **options: Any) -> NeuronModel:
        """The model of :func:`hetsyn_sim.exchange.from_brian2`, by the name that it had in 0.1.0; nothing is trained unless it is named.

        Parameters
        ----------
        group, synapses, **options
            As there.
        """
        # Imported by name: a spec knows nothing of what reads other programs' networks. Goes with the next release.
        options = {"namespace": {}, "trainable": ()} | {name: option for name, option in options.items() if option is not None}
        return cast("NeuronModel", import_module("hetsyn_sim.exchange").from_brian2(group, synapses, **options).model)

    # -- variants and text -------------------------------------------------------------------------------------------

    def with_parameters(self, **changes: Mapping[str, Any]) -> NeuronModel:
        """The same equations with other facts about some parameters: ``changes`` has them by the parameter's name.

        ``HetSynLIF.with_parameters(tau_syn={"axes": "post"})`` ties the time constant over a neuron's synapses.

        Raises
        ------
        SpecError
            If there is no such parameter, or a parameter has no such property.
        """
        return replace(self, parameters={**self.parameters, **changed_parameters(self, changes)})

    def with_delay(
        self, initial: Any = None, *, bounds: tuple[Any, Any] | None = None, axes: str = "post pre", trainable: bool | None = None
    ) -> NeuronModel:
        """The same neuron, whose spikes arrive later: with a parameter ``delay``, which stands in no equation.

        ``with_delay(2*ms)`` is a fixed delay, and ``with_delay(bounds=(0*ms, 20*ms))`` one that is learned, for each synapse its own. A
        delay is a whole number of steps wherever a network is evaluated, here and in Brian2; only while it is learned, it is not rounded.

        Parameters
        ----------
        initial
            A time, a distribution, or text such as ``"uniform(0 ms, 20 ms)"``. By default uniform within the bounds.
        bounds
            The shortest and the longest delay.
        axes
            ``"post pre"``: one for every synapse; ``"post"``: one for all synapses onto a neuron; ``"layer"``: one for a projection.
        trainable
            Whether it is learned. By default it is where there are bounds.

        Raises
        ------
        SpecError
            If these are no times of 0 or more, or there is neither an initial value nor bounds.
        """
        if initial is None and bounds is None:
            raise SpecError(
                "a delay needs a value",
                where=f"{self.name}.with_delay",
                got="nothing",
                expected="an initial value, bounds, or both",
                remedy="with_delay(2*ms) for a fixed delay, with_delay(bounds=(0*ms, 20*ms)) for a learned one",
            )
        learned = bounds is not None if trainable is None else trainable
        if initial is None and bounds is not None:
            initial = Uniform(*bounds)
        facts = {"axes": axes, "unit": "ms", "initial": initial, "bounds": bounds or ("0 ms", "inf ms"), "trainable": learned}
        return self.with_parameters(**{DELAY: facts})

    def to_dict(self) -> dict[str, Any]:
        """Plain data that :meth:`from_dict` reads back to an equal model."""
        plain: dict[str, Any] = {key: getattr(self, key) for key in _TEXTS}
        plain["initial"] = dict(self.initial)
        plain = {key: value for key, value in plain.items() if value and not (key.endswith("scheme") and value == "exact")}
        if self.step_order is not None:
            plain["step_order"] = list(self.step_order.phases)
        if self.poisson:
            plain["poisson"] = [drive.to_dict() for drive in self.poisson]
        return plain | {"parameters": {n: p.to_dict() for n, p in self.parameters.items()}}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> NeuronModel:
        """The model that :meth:`to_dict` described.

        Raises
        ------
        SpecError
            If it is not such a description, or a rule is broken.
        """
        try:
            parameters = {n: Parameter.from_dict(p, where=str(n)) for n, p in plain.get("parameters", {}).items()}
            return cls(**{**plain, "parameters": parameters})
        except (TypeError, AttributeError) as error:
            raise SpecError(
                "this is not the description of a neuron model",
                where="NeuronModel",
                got=f"{type(error).__name__}: {error}",
                expected="what NeuronModel.to_dict writes: " + ", ".join(f.name for f in fields(cls)),
                remedy="remove what does not belong there and add what is missing",
            ) from error

    def to_text(self) -> str:
        """The model as YAML, for people to read and for :meth:`from_text`."""
        return write_yaml(self.to_dict())

    @classmethod
    def from_text(cls, text: str) -> NeuronModel:
        """The model that :meth:`to_text` wrote."""
        return cls.from_dict(read_yaml(text, where="NeuronModel"))

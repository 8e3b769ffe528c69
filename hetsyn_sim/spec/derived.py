"""What follows from a neuron model's text: parsed equations, states, sums over synapses, noise, dimensions; each made once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal, get_args

import sympy
from brian2.units.allunits import second
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension

from .equations import X_PRE, Jump, ParsedEquations, is_noise, parse_condition, parse_equations, parse_expression, parse_jumps, symbol
from .parameter import OF_TIME, Parameter
from .poisson import PoissonDrive, name_of_drive
from .quantities import dimensions_of, dimensions_of_text
from .scope import expressions_of, is_used_on

Side = Literal["synapse", "neuron"]


class ModelText:
    """What is read off the text of a :class:`~hetsyn_sim.spec.NeuronModel`, which is one."""

    name: str
    neuron: str
    on_pre: str
    synapse: str
    threshold: str
    reset: str
    parameters: Mapping[str, Parameter]
    refractory: str
    initial: Mapping[str, str]
    poisson: tuple[PoissonDrive, ...]

    @cached_property
    def synapse_equations(self) -> ParsedEquations:
        """The synapse's equations, parsed."""
        return parse_equations(self.synapse, where=f"{self.name}: synapse")

    @cached_property
    def neuron_equations(self) -> ParsedEquations:
        """The neuron's equations, parsed."""
        return parse_equations(self.neuron, where=f"{self.name}: neuron")

    @cached_property
    def on_pre_jumps(self) -> tuple[Jump, ...]:
        """What a presynaptic spike does."""
        return parse_jumps(self.on_pre, where=f"{self.name}: on_pre")

    @cached_property
    def reset_jumps(self) -> tuple[Jump, ...]:
        """What a spike of the neuron does to it."""
        return parse_jumps(self.reset, where=f"{self.name}: reset")

    @cached_property
    def condition(self) -> tuple[sympy.Expr, sympy.Expr] | None:
        """The two sides of the threshold; None for a readout."""
        return parse_condition(self.threshold, where=f"{self.name}: threshold") if self.spiking else None

    @cached_property
    def initial_states(self) -> dict[str, sympy.Expr]:
        """Every state of the neuron with its value where a recording begins, an expression in its parameters."""
        return {name: self._begin.get(name, sympy.Integer(0)) for name in self.neuron_equations.states}

    @cached_property
    def initial_synapse_states(self) -> dict[str, sympy.Expr]:
        """Every state of a synapse with its value where a recording begins, an expression in what the synapse sees of parameters."""
        return {name: self._begin.get(name, sympy.Integer(0)) for name in self.synapse_equations.states}

    @cached_property
    def _begin(self) -> dict[str, sympy.Expr]:
        return {name: parse_expression(text, where=f"{self.name}: initial {name}") for name, text in self.initial.items()}

    @cached_property
    def on_pre_locals(self) -> dict[str, Dimension]:
        """Names that statements of a presynaptic spike set for those after them, ``r = u*x``, with their dimensions."""
        known = {*self.synapse_equations.dimensions, *self.neuron_equations.dimensions, *self.parameters}
        found: dict[str, Dimension] = {}
        for k, jump in enumerate(self.on_pre_jumps):
            later = set[sympy.Basic]().union(*(after.expression.free_symbols for after in self.on_pre_jumps[k + 1 :]))
            if jump.operator == "=" and jump.target not in known and not jump.target.endswith("_post") and symbol(jump.target) in later:
                found[jump.target] = dimensions_of_text(jump.text.split("=", 1)[1], self._dimensions | found)
        return found

    @cached_property
    def spikes_add(self) -> bool:
        """Whether all that a presynaptic spike does is to add what is made of parameters, whatever the synapse's states are."""
        states = {symbol(name) for name in self.synapse_equations.dimensions}
        return not self.on_pre_locals and all(jump.is_additive and not jump.expression.free_symbols & states for jump in self.on_pre_jumps)

    @cached_property
    def spikes_where_crossed(self) -> bool:
        """Whether a spike is the moment in which the threshold is crossed: the neuron is refractory while it is above."""
        if not (self.spiking and re.search("[<>]", self.refractory)):
            return False
        return parse_condition(self.refractory, where=f"{self.name}: refractory") == self.condition

    @cached_property
    def refractory_period(self) -> sympy.Expr | None:
        """How long a neuron is refractory, an expression in its parameters; None if it never is or spikes where it crosses."""
        if not self.refractory or self.spikes_where_crossed:
            return None
        return parse_expression(self.refractory, where=f"{self.name}: refractory")

    @property
    def spiking(self) -> bool:
        """Whether it has a threshold."""
        return bool(self.threshold.strip())

    @property
    def summed(self) -> tuple[str, ...]:
        """The sums over synapses that the neuron's equations may use: ``I_syn`` for the synaptic state ``I``, or for an ``I`` of x_pre.

        Sums of other subexpressions, of states, are among them if the neuron's equations use them.
        """
        return tuple(f"{name}_syn" for name in (*self.synapse_equations.states, *self.analogue, *self.summed_expressions))

    @cached_property
    def summed_expressions(self) -> dict[str, sympy.Expr]:
        """Subexpressions of the synapse's states whose sum the neuron uses; written out."""
        block = self.synapse_equations
        texts = "\n".join((self.neuron, self.threshold, self.reset))
        wanted = [name for name in block.subexpressions if name not in self.analogue and re.search(rf"\b{name}_syn\b", texts)]
        return {name: block.expand(block.subexpressions[name]) for name in wanted if f"{name}_syn" not in self.parameters}

    @cached_property
    def noise(self) -> tuple[str, ...]:
        """What a step has of numbers at random: white noise, and a number of events for each of ``poisson``."""
        return (*self.white_noise, *self.random_events)

    @cached_property
    def random_events(self) -> dict[str, PoissonDrive]:
        """The drives of ``poisson``, by the names of their numbers of events."""
        return {name_of_drive(k): drive for k, drive in enumerate(self.poisson)}

    @cached_property
    def weights_of_events(self) -> dict[str, sympy.Expr]:
        """What an event of each of ``poisson`` adds, by the same names."""
        return {name: parse_expression(drive.weight, where=f"{self.name}: {name}") for name, drive in self.random_events.items()}

    @cached_property
    def white_noise(self) -> tuple[str, ...]:
        """The names of white noise in the neuron's differential equations: ``xi``, ``xi_1``."""
        symbols = set[sympy.Symbol]().union(*(rate.free_symbols for rate in self.neuron_equations.states.values()))
        return tuple(sorted(name for s in symbols if is_noise(name := str(s))))

    @cached_property
    def time_courses(self) -> tuple[str, ...]:
        """Parameters that are time courses, the same in every recording."""
        return tuple(name for name, parameter in self.parameters.items() if parameter.axes in OF_TIME)

    @cached_property
    def analogue(self) -> dict[str, sympy.Expr]:
        """Subexpressions of the synapse that are made of what an analogue source puts out, ``x_pre``; written out."""
        block = self.synapse_equations
        written = {name: block.expand(expression) for name, expression in block.subexpressions.items()}
        return {name: expression for name, expression in written.items() if symbol(X_PRE) in expression.free_symbols}

    @cached_property
    def takes_values(self) -> bool:
        """Whether the sources of its synapses put out values (``x_pre``), and not spikes."""
        block = self.synapse_equations
        return any(symbol(X_PRE) in e.free_symbols for e in (*block.states.values(), *block.subexpressions.values()))

    def parameters_of(self, side: Side) -> dict[str, Parameter]:
        """The parameters that each synapse, or each neuron, holds."""
        return dict(self._parameters_by_side[side])

    @cached_property
    def _parameters_by_side(self) -> dict[Side, dict[str, Parameter]]:
        # searching the expressions takes longer than a training step of a small network, which asks several times
        sides: tuple[Side, ...] = get_args(Side)
        return {side: {name: p for name, p in self.parameters.items() if is_used_on(self, side, name)} for side in sides}

    def names_of(self, side: Side) -> set[str]:
        """Every name that each synapse, or each neuron, has: states, subexpressions, parameters and, for the neuron, sums."""
        equations = self.synapse_equations if side == "synapse" else self.neuron_equations
        return {*equations.dimensions, *self.parameters_of(side), *(self.summed if side == "neuron" else self.on_pre_locals)}

    def expressions(self) -> Iterator[tuple[str, sympy.Expr, Side]]:
        """Every expression with the place it stands in and the side whose names it sees."""
        return expressions_of(self)

    def dimensions(self) -> dict[str, Dimension]:
        """The physical dimensions of every name."""
        return self._dimensions | self.on_pre_locals

    @property
    def _dimensions(self) -> dict[str, Dimension]:
        known = dict(self.synapse_equations.dimensions) | dict(self.neuron_equations.dimensions)
        known |= {total: self.synapse_equations.dimensions[total.removesuffix("_syn")] for total in self.summed}
        known |= {name: dimensions_of(p.unit, where=f"{self.name}: {name}") for name, p in self.parameters.items()}
        known |= {f"{name}_post": dim for name, dim in known.items()}
        return known | {"dt": second.dim, X_PRE: DIMENSIONLESS} | dict.fromkeys(self.white_noise, second.dim**-0.5)

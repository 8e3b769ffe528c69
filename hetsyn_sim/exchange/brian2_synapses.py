"""Synapses of a Brian2 script as the synapse of a spec: their states, what a spike adds, and what the neuron sees of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.parsing.sympytools import sympy_to_str
from brian2.units.fundamentalunits import Dimension, Quantity, get_dimensions, get_unit

from ..spec.equations import parse_expression, parse_jumps, symbol
from ..spec.quantities import unit_of_dimensions
from .brian2_groups import Neurons
from .brian2_names import Constants, rewrite
from .brian2_objects import Connections, fail, numbers


@dataclass
class SpecSynapse:
    """One ``Synapses`` object on its way into a spec.

    Attributes
    ----------
    rename
        Name of a state or of a parameter per synapse -> its name in the spec.
    sums
        Variable of the neuron -> an expression in the sums ``X_syn``, the neuron's variables and constants.
    weights
        Parameters, by their names in the spec, that are 0 where there is no synapse.
    connected
        A parameter that is 1 where there is a synapse and 0 elsewhere, used where no weight says so by a 0 that training leaves alone.
    trainable
        Names of parameters that are trained; None for all that have a value for every synapse.
    """

    neurons: Neurons
    connections: Connections
    namespace: Mapping[str, Any]
    constants: Constants
    rename: Mapping[str, str]
    connected: str
    trainable: Collection[str] | None = ()
    sums: dict[str, str] = field(default_factory=dict)
    weights: set[str] = field(default_factory=set)
    _factors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.where = self.connections.synapses.name
        shared = {n: e for n, e in self.connections.parameters.items() if n not in self.rename}
        values = {n: Quantity(numbers(self.connections.synapses, n).item(), dim=e.dim) for n, e in shared.items()}
        self.namespace = {**self.namespace, **values}
        for target, text in self.connections.sums.items():
            self.sums[target] = self._sum(target, text)

    @property
    def _post(self) -> dict[str, str]:
        """Names of the neuron's variables, as the synapse may call them, and what they are called in the neuron."""
        names = self.neurons.spelled
        own = {*self.rename, *self.connections.subexpressions, *self.connections.parameters}
        bare = {
            n: spelled for n, spelled in names.items() if n not in own
        }  # as in Brian2, what the script calls by the same name does not count
        return {**bare, **{f"{n}_post": spelled for n, spelled in names.items()}}

    def _rewrite(self, text: str, post: Mapping[str, str], where: str) -> str:
        inline = {n: e.expr.code for n, e in self.connections.subexpressions.items()}
        of_source = re.findall(r"\b[A-Za-z]\w*_pre\b", " ".join([text, *inline.values()]))
        if of_source:
            junctions = (
                "let spikes carry what the source does (on_pre); gap junctions, and currents that flow without a spike, have no place"
            )
            fail("a synapse that reads the state of its source", f"{self.where}: {where}", ", ".join(of_source), junctions)
        return rewrite(text, {**post, **self.rename}, self.namespace, self.constants, where=f"{self.where}: {where}", inline=inline)

    def _sum(self, target: str, text: str) -> str:
        """What the neuron sees, split: factors of the synapse go into what a spike adds, the others into the neuron's equation."""
        where = f"{self.where}: {target}_post"
        expression = parse_expression(self._rewrite(text, self._post, f"{target}_post"), where=where)
        own = [symbol(self.rename[n]) for n in self.connections.parameters if n in self.rename]
        spelled = self.neurons.spelled
        of_neuron = {symbol(n) for n in spelled.values()}
        changing = {symbol(spelled[n]) for n in (*self.neurons.states, *self.neurons.subexpressions)}
        states = [symbol(self.rename[x]) for x in self.connections.states]
        terms, rest = [], sympy.expand(expression)
        for x in states:
            factor = sympy.diff(expression, x)
            rest = sympy.expand(rest - factor * x)
            if factor == 0:
                continue
            outside, inside = sympy.factor_terms(factor).as_independent(*own, as_Add=False)
            if factor.free_symbols & changing:
                fail(
                    "a sum over synapses of something that the neuron changes",
                    where,
                    text,
                    "sum the state alone, and multiply in the neuron: g_post = s : siemens (summed), and g*(E - v) in its equation. "
                    "Brian2 would hold the product as it was before the step, and a spec holds the sum",
                    "a state of the synapse, times what does not change",
                )
            if factor.free_symbols & set(states) or inside.free_symbols & of_neuron:
                rest = expression
                break
            self._scale(str(x), sympy_to_str(inside), where)
            terms.append(f"{x}_syn" if outside == 1 else f"{x}_syn*({sympy_to_str(outside)})")
        if rest != 0 or not terms:
            fail(
                "a sum over synapses that is not a sum of their states",
                where,
                text,
                "sum a state with a differential equation, times a parameter of the synapse or of the neuron",
                "g, w*g or w*R_post*g, for a state g of the synapse",
            )
        return " + ".join(terms)

    def _scale(self, state: str, factor: str, where: str) -> None:
        if self._factors.setdefault(state, factor) != factor:
            twice = "use one state for each of the two sums"
            fail("a state of a synapse that is summed with two different weights", where, f"{self._factors[state]} and {factor}", twice)

    def dimensions(self, state: str) -> Dimension:
        """Dimensions of a state, named as in the spec; its weight may have become part of it."""
        named = {self.rename[n]: e.dim for n, e in {**self.connections.states, **self.connections.parameters}.items() if n in self.rename}
        known = {**named, **{n: get_dimensions(v) for n, v in self.constants.used.items()}}
        factor = self._factors.get(state, "1")
        weight = parse_expression_dimensions(factor, {n: get_unit(d) for n, d in known.items()})
        return get_dimensions(get_unit(named[state]) * get_unit(get_dimensions(weight)))

    @property
    def lines(self) -> Iterator[str]:
        """The equations of the synapse's states."""
        post = {n: f"{p}_post" for n, p in self._post.items()}
        for name, equation in self.connections.states.items():
            x = self.rename[name]
            rate = self._rewrite(equation.expr.code, post, f"d{name}/dt")
            if self._factors.get(x, "1") != "1":
                parsed = parse_expression(rate, where=self.where)
                if parsed.subs(symbol(x), 0) != 0 or sympy.diff(parsed, symbol(x), 2) != 0:
                    decay = "put the weight into what a spike adds: g += w"
                    fail(
                        "a state that is summed with a weight and does not simply decay",
                        f"{self.where}: d{name}/dt",
                        equation.expr.code,
                        decay,
                    )
            flags = [flag for flag in equation.flags if flag != "clock-driven"]
            yield f"d{x}/dt = {rate} : {unit_of_dimensions(self.dimensions(x))}" + (f" ({', '.join(flags)})" if flags else "")

    def jumps(self, *, mask: bool) -> Iterator[str]:
        """What a presynaptic spike adds. With ``mask`` not every two neurons have a synapse, and a weight of 0 says so."""
        post = {n: f"{p}_post" for n, p in self._post.items()}
        own = [self.rename[n] for n in self.connections.parameters if n in self.rename]
        fixed = set().union(
            *(parse_expression(line.partition("=")[2].partition(":")[0], where=self.where).free_symbols for line in self.lines)
        )
        for jump in parse_jumps(self.connections.on_pre, where=f"{self.where}: on_pre"):
            target = {**post, **self.rename}.get(jump.target, jump.target)
            amount = self._rewrite(jump.text.split("=", 1)[1], post, "on_pre")
            factor = self._factors.get(target, "1")
            if factor != "1":
                amount = factor if amount == "1" else f"({factor})*({amount})"
            parsed = parse_expression(amount, where=self.where)
            zero = [n for n in own if symbol(n) not in fixed and symbol(n) in parsed.free_symbols and parsed.subs(symbol(n), 0) == 0]
            if mask and (not zero or self.trainable is None or zero[0] in self.trainable):
                amount, zero = f"{self.connected}*({amount})", [self.connected]
            self.weights |= set(zero[:1]) if mask else set()
            yield f"{target} {jump.operator} {amount}"

    def values(self) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
        """The value of every synapse, of its parameters by their names in the spec."""
        values = {self.rename[n]: numbers(self.connections.synapses, n) for n in self.connections.parameters if n in self.rename}
        n = self.connections.pre.size
        return {name: np.broadcast_to(value, (n,)) for name, value in values.items()} | {self.connected: np.ones(n)}

    def dimensions_of_parameters(self) -> dict[str, Dimension]:
        """Their dimensions."""
        dimensions = {self.rename[n]: e.dim for n, e in self.connections.parameters.items() if n in self.rename}
        return dimensions | {self.connected: get_dimensions(1)}

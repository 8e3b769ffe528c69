"""Synapses of a Brian2 script as the synapse of a spec: their states, what a spike adds, and what the neuron sees of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
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
from .brian2_schemes import scheme_of


@dataclass
class SpecSynapse:
    """One ``Synapses`` object on its way into a spec.

    Attributes
    ----------
    mask
        Whether not every two neurons have a synapse.
    free
        Gives a name that nothing has yet.
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
    expressions
        What the neuron sees sums of, where that is no state: name in the spec -> text and dimensions.
    initial
        State, by its name in the spec -> the parameter that holds where it begins.
    locals
        Names that statements of a spike set for those after them -> their names in the spec.
    rates
        Right-hand sides of the states, by their names in the spec.
    filters
        States that decay each on its own from 0, and that spikes only add to: a weight of their sum may be part of what a spike adds.
    """

    neurons: Neurons
    connections: Connections
    namespace: Mapping[str, Any]
    constants: Constants
    rename: Mapping[str, str]
    connected: str
    mask: bool
    free: Callable[[str], str]
    trainable: Collection[str] | None = ()
    sums: dict[str, str] = field(default_factory=dict)
    weights: set[str] = field(default_factory=set)
    expressions: dict[str, tuple[str, Dimension]] = field(default_factory=dict)
    initial: dict[str, str] = field(default_factory=dict)
    filters: set[str] = field(default_factory=set)
    locals: dict[str, str] = field(default_factory=dict)
    rates: dict[str, sympy.Expr] = field(default_factory=dict)
    _factors: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.where = self.connections.synapses.name
        shared = {n: e for n, e in self.connections.parameters.items() if n not in self.rename}
        values = {n: Quantity(numbers(self.connections.synapses, n).item(), dim=e.dim) for n, e in shared.items()}
        self.namespace = {**self.namespace, **values}
        own = {*self._post, *self.rename, *self.connections.subexpressions, *self.connections.parameters}
        for jump in parse_jumps(self.connections.on_pre, where=f"{self.where}: on_pre"):
            if jump.operator == "=" and jump.target not in {*own, *self.locals}:
                self.locals[jump.target] = self.free(jump.target)
        for n in self.connections.begin:
            self.initial[self.rename[n]] = self.free(f"{self.rename[n]}_0")
        post = {n: f"{p}_post" for n, p in self._post.items()}
        for n, e in self.connections.states.items():
            self.rates[self.rename[n]] = parse_expression(self._rewrite(e.expr.code, post, f"d{n}/dt"), where=self.where)
        self.filters = self._filters()
        parsed = {target: self._parsed_sum(target, text) for target, text in self.connections.sums.items()}
        while expressed := [e for e in parsed.values() if self._needs_expression(e) and self._states_in(e) & self.filters]:
            self.filters -= self._states_in(expressed[0])  # of no other weight than the expression's
        for target, expression in parsed.items():
            self.sums[target] = self._sum(target, expression)

    def _filters(self) -> set[str]:
        post = {n: f"{p}_post" for n, p in self._post.items()}
        jumps = parse_jumps(self.connections.on_pre, where=f"{self.where}: on_pre")
        done = [parse_expression(self._rewrite(j.text.split("=", 1)[1], post, "on_pre"), where=self.where) for j in jumps]
        read = set().union(*map(self._states_in, done), *(self._states_in(rate) - {x} for x, rate in self.rates.items()))
        read |= {self.rename[j.target] for j in jumps if j.target in self.connections.states and not j.is_additive}
        decays = {x for x, rate in self.rates.items() if self._is_own(x) and rate.subs(symbol(x), 0) == 0}
        return decays - read - set(self.initial)

    def _is_own(self, x: str) -> bool:
        """Whether the equation of a state is linear, and of no other state."""
        return self._states_in(self.rates[x]) <= {x} and sympy.diff(self.rates[x], symbol(x), 2) == 0

    @property
    def scheme(self) -> str:
        """How its equations are stepped."""
        method, where = self.connections.method, f"{self.where}: method"
        late = [self.rename[n] for n in self.connections.event_driven]
        linear = not any(self._states_in(sympy.diff(rate, symbol(x))) for rate in self.rates.values() for x in self.rates)
        named = scheme_of(method, None)
        if named is None and not linear:
            name = 'name one: Synapses(..., method="exponential_euler"), or "rk2", "rk4", "euler"'
            fail("equations of synapses that are not linear, and no method is named", where, "Brian2's own choice", name, "a method")
        if named in (None, "exact") or (named == "exponential_euler" and all(map(self._is_own, self.rates))):
            return "exact"
        if late and not (named == "exponential_euler" and all(map(self._is_own, late))):
            alike = "write (clock-driven) at these too, or give all of them a method that is exact"
            fail("event-driven equations beside others that are stepped", where, f"{', '.join(late)} beside method={method!r}", alike)
        return named

    @property
    def is_simple(self) -> bool:
        """Whether exponential Euler is exact for it, too."""
        return all(map(self._is_own, self.rates))

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
        return rewrite(
            text, {**post, **self.rename, **self.locals}, self.namespace, self.constants, where=f"{self.where}: {where}", inline=inline
        )

    def _parsed_sum(self, target: str, text: str) -> sympy.Expr:
        return parse_expression(self._rewrite(text, self._post, f"{target}_post"), where=f"{self.where}: {target}_post")

    def _states_in(self, expression: sympy.Expr) -> set[str]:
        return {str(s) for s in expression.free_symbols} & {self.rename[x] for x in self.connections.states}

    @property
    def _changing(self) -> set[sympy.Symbol]:
        """What the neuron changes, as it is called in the neuron."""
        return {symbol(self.neurons.spelled[n]) for n in (*self.neurons.states, *self.neurons.subexpressions)}

    def _needs_expression(self, expression: sympy.Expr) -> bool:
        """Whether a sum is one of an expression that the synapse has, and not of filters, each with a weight."""
        seen = self._states_in(expression)
        linear = not any(self._states_in(sympy.diff(expression, symbol(x))) for x in seen)
        return bool(seen) and not expression.free_symbols & self._changing and not (linear and seen <= self.filters)

    def _sum(self, target: str, expression: sympy.Expr) -> str:
        """What the neuron sees, split: factors of the synapse go into what a spike adds, the others into the neuron's equation."""
        where, text = f"{self.where}: {target}_post", self.connections.sums[target]
        if self._needs_expression(expression):
            return self._expressed(target, expression)
        own = [symbol(self.rename[n]) for n in self.connections.parameters if n in self.rename]
        spelled = self.neurons.spelled
        of_neuron = {symbol(n) for n in spelled.values()}
        states = [symbol(self.rename[x]) for x in self.connections.states]
        terms, rest = [], sympy.expand(expression)
        for x in states:
            factor = sympy.diff(expression, x)
            rest = sympy.expand(rest - factor * x)
            if factor == 0:
                continue
            outside, inside = sympy.factor_terms(factor).as_independent(*own, as_Add=False)
            if factor.free_symbols & self._changing:
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

    def _expressed(self, target: str, expression: sympy.Expr) -> str:
        """A sum of an expression that the synapse has; of nothing where there is no synapse."""
        if expression.is_Symbol and not self.mask:
            return f"{expression}_syn"
        name = target if f"{target}_syn" not in self.constants.taken else self.free(f"{target}_of_synapses")
        post = {n: f"{p}_post" for n, p in self._post.items()}
        written = self._rewrite(self.connections.sums[target], post, f"{target}_post")
        self.weights |= {self.connected} if self.mask else set()
        self.expressions[name] = f"{self.connected}*({written})" if self.mask else written, self.neurons.parameters[target].dim
        return f"{name}_syn"

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
        """The equations of the synapse's states, and what is summed of them."""
        post = {n: f"{p}_post" for n, p in self._post.items()}
        for name, equation in self.connections.states.items():
            x = self.rename[name]
            rate = self._rewrite(equation.expr.code, post, f"d{name}/dt")
            flags = [
                flag for flag in equation.flags if flag not in ("clock-driven", "event-driven")
            ]  # the step is exact, or has its method
            yield f"d{x}/dt = {rate} : {unit_of_dimensions(self.dimensions(x))}" + (f" ({', '.join(flags)})" if flags else "")
        for name, (text, dimensions) in self.expressions.items():
            yield f"{name} = {text} : {unit_of_dimensions(dimensions)}"

    @property
    def jumps(self) -> Iterator[str]:
        """What a presynaptic spike does. Where not every two neurons have a synapse, a weight of 0 in what it adds says so."""
        post = {n: f"{p}_post" for n, p in self._post.items()}
        own = [self.rename[n] for n in self.connections.parameters if n in self.rename]
        fixed = set().union(
            *(parse_expression(line.partition("=")[2].partition(":")[0], where=self.where).free_symbols for line in self.lines)
        )
        for jump in parse_jumps(self.connections.on_pre, where=f"{self.where}: on_pre"):
            if jump.target in self.connections.parameters:
                fail(
                    "a parameter of a synapse that spikes change",
                    f"{self.where}: on_pre",
                    jump.text,
                    "give it a differential equation, to which it goes back: dx/dt = (1 - x)/tau : 1 (event-driven); leave out plasticity "
                    "that lasts: a trained network learns by gradients, not while it runs",
                    "changes of states",
                )
            target = {**post, **self.rename, **self.locals}.get(jump.target, jump.target)
            amount = self._rewrite(jump.text.split("=", 1)[1], post, "on_pre")
            factor = self._factors.get(target, "1")
            if factor != "1":
                amount = factor if amount == "1" else f"({factor})*({amount})"
            parsed = parse_expression(amount, where=self.where)
            zero = [n for n in own if symbol(n) not in fixed and symbol(n) in parsed.free_symbols and parsed.subs(symbol(n), 0) == 0]
            if target in {*self.rename.values(), *self.locals.values()} - self.filters:
                yield f"{target} {jump.operator} {amount}"  # what the neuron sees of it says whether there is a synapse
                continue
            if self.mask and (not zero or self.trainable is None or zero[0] in self.trainable):
                amount, zero = f"{self.connected}*({amount})", [self.connected]
            self.weights |= set(zero[:1]) if self.mask else set()
            yield f"{target} {jump.operator} {amount}"

    def values(self) -> dict[str, np.ndarray[Any, np.dtype[np.float64]]]:
        """The value of every synapse, of its parameters by their names in the spec."""
        c = self.connections
        values = {self.rename[n]: numbers(c.synapses, n)[c.chosen] for n in c.parameters if n in self.rename}
        begin = {self.initial[self.rename[n]]: value for n, value in self.connections.begin.items()}
        n = self.connections.pre.size
        return {name: np.broadcast_to(value, (n,)) for name, value in (values | begin).items()} | {self.connected: np.ones(n)}

    def dimensions_of_parameters(self) -> dict[str, Dimension]:
        """Their dimensions."""
        dimensions = {self.rename[n]: e.dim for n, e in self.connections.parameters.items() if n in self.rename}
        dimensions |= {self.initial[self.rename[n]]: self.connections.states[n].dim for n in self.connections.begin}
        return dimensions | {self.connected: get_dimensions(1)}

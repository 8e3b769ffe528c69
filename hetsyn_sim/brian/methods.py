"""Methods of integration of neurons and synapses: Brian2's own wherever it has one that works, else one of ours, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy
from brian2.equations.equations import PARAMETER, SingleEquation
from brian2.stateupdaters.base import StateUpdateMethod
from brian2.units.allunits import second

from ..errors import TransferError
from ..spec import NetworkSpec, NeuronModel, Population, Projection
from ..spec.derived import Side
from ..spec.equations import ParsedEquations, symbol
from ..spec.values import Array
from .equations import synapse_names
from .updaters import Coefficients, SymplecticEuler

#: Eigenvalues nearer to each other than this, relative to the largest, cost Brian2's solution more than three digits.
_NEAR = 1e-3
#: An eigenvalue smaller than this, relative to the largest, counts as zero.
_ZERO = 1e-9


@dataclass(frozen=True)
class Method:
    """How the differential equations of one population, or projection, become a step."""

    #: What it is called in reports: Brian2's name, or ours.
    name: str
    #: What Brian2 is given as ``method``.
    updater: str | StateUpdateMethod
    #: Why it is not Brian2's own; empty if it is.
    reason: str = ""
    #: Constants that the updater uses, each of shape () or (post,), at synapses (post, pre), with their declarations in ``declared``.
    parameters: Mapping[str, Array] = field(default_factory=lambda: MappingProxyType({}))
    declared: tuple[SingleEquation, ...] = ()
    #: Functions that the updater calls.
    namespace: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def derive(self, equations: Any, variables: Any) -> str:
        """The step that it makes of equations, as code."""
        updater = StateUpdateMethod.stateupdaters[self.updater] if isinstance(self.updater, str) else self.updater
        return str(updater(equations, variables))


#: Brian2's own solution of linear equations.
EXACT = Method("exact", "exact")


def choose_method(spec: NetworkSpec, population: Population, values: Mapping[str, Array]) -> Method:
    """The method for a population's neurons, at these parameter values.

    Raises
    ------
    TransferError
        If coupled linear equations have no exact step in floating point.
    """
    model = population.model
    if model.scheme == "symplectic_euler":
        return Method(model.scheme, SymplecticEuler(tuple(model.neuron_equations.states)), "Brian2 has no such method")
    if model.scheme != "exact":
        return Method(model.scheme, model.scheme)
    if _structure(model, "neuron") is None:
        return EXACT
    from ..discrete import neuron_values  # imported only where it is needed: our own values, and below our own propagators

    names = {x: x for x in model.neuron_equations.states}
    return _linear(_Block(model, "neuron", population.name, neuron_values(spec, population.name, values), names, "exact"))


def choose_synapse_method(spec: NetworkSpec, projection: Projection, values: Mapping[str, Array]) -> Method:
    """The method for a projection's synapses, at these parameter values.

    Raises
    ------
    TransferError
        If coupled linear equations have no exact step in floating point.
    """
    model = spec.population(projection.target).model
    if model.synapse_scheme != "exact":
        return Method(model.synapse_scheme, model.synapse_scheme)
    structure = _structure(model, "synapse")
    if structure is None or all(_is_simple(group, structure[1]) for group in structure[0]):
        return EXACT
    from ..discrete import synapse_values

    seen = synapse_values(spec, projection, values)
    return _linear(_Block(model, "synapse", projection.name, seen, synapse_names(spec, projection), "exact_synaptic"))


def _is_simple(group: tuple[str, ...], rates: Mapping[tuple[str, str], sympy.Expr]) -> bool:
    """Whether Brian2 solves these states at any values: a state alone, or an alpha function, two states with one and the same rate."""
    if len(group) == 2:
        x, y = group
        return rates[x, x] == rates[y, y] and 0 in (rates[x, y], rates[y, x])
    return len(group) == 1


@dataclass(frozen=True)
class _Block:
    """Linear equations of one side of a model, with the values of what they are made of, and the names that states have in Brian2."""

    model: NeuronModel
    side: Side
    where: str
    seen: Mapping[str, Any]
    names: Mapping[str, str]
    prefix: str

    @property
    def frozen(self) -> frozenset[str]:
        return _equations(self.model, self.side).frozen


def _equations(model: NeuronModel, side: Side) -> ParsedEquations:
    return model.neuron_equations if side == "neuron" else model.synapse_equations


@lru_cache(maxsize=256)
def _structure(model: NeuronModel, side: Side) -> tuple[tuple[tuple[str, ...], ...], Mapping[tuple[str, str], sympy.Expr]] | None:
    """Which states are coupled, and the rates; None if each decays on its own, or the equations are not linear: Brian2's business."""
    block = _equations(model, side)
    states = tuple(block.states)
    whole = {x: sympy.expand(block.expand(e)) for x, e in block.states.items()}
    rates = {(x, y): sympy.diff(whole[x], symbol(y)) for x in states for y in states}
    known = {symbol(n) for n in ("dt", *model.parameters, *(f"{n}_post" for n in model.parameters))}
    if any(rate.free_symbols - known for rate in rates.values()):
        return None
    group_of: dict[str, tuple[str, ...]] = {x: (x,) for x in states}
    for (x, y), rate in rates.items():
        if rate != 0 and group_of[x] != group_of[y]:
            merged = tuple(s for s in states if s in group_of[x] + group_of[y])
            group_of |= dict.fromkeys(merged, merged)
    if all(len(group) == 1 for group in group_of.values()) and all(rates[x, x] != 0 for x in states):
        return None
    return tuple(dict.fromkeys(group_of.values())), MappingProxyType(rates)


def _linear(block: _Block) -> Method:
    from ..discrete import evaluate

    structure = _structure(block.model, block.side)
    assert structure is not None
    groups, rates = structure
    matrices: dict[tuple[str, ...], Array] = {}
    for group in groups:
        entries = [np.asarray(evaluate(rates[x, y], block.seen), dtype=np.float64) for x in group for y in group]
        stacked = np.stack(np.broadcast_arrays(*entries), axis=-1)
        matrices[group] = stacked.reshape(*stacked.shape[:-1], len(group), len(group))
    reasons = (_reason(block.frozen, group, matrix, rates) for group, matrix in matrices.items())
    reason = next((reason for reason in reasons if reason), "")
    return _handed_over(block, matrices, reason) if reason else EXACT


def _reason(frozen: Collection[str], group: tuple[str, ...], matrices: Array, rates: Mapping[tuple[str, str], sympy.Expr]) -> str:
    """Why Brian2 can't solve some coupled equations at these values; empty if it can."""
    names = ", ".join(group)
    if len(group) == 1:
        return f"{names} does not decay, and Brian2 would divide by its rate" if rates[group[0], group[0]] == 0 else ""
    if set(group) & set(frozen):
        return f"{names} are coupled, and some of them stand still while the neuron is refractory"
    coupled = {(x, y) for x in group for y in group if x != y and rates[x, y] != 0}
    if len(group) > 2 and any((y, x) in coupled for x, y in coupled):
        return f"more than two states are coupled: {names}"
    if not np.all(np.isfinite(matrices)):
        return ""
    eigenvalues = np.linalg.eigvals(matrices)
    largest = np.abs(eigenvalues).max(axis=-1, keepdims=True)
    if np.any(np.abs(eigenvalues.imag) > _NEAR * largest):
        return f"{names} oscillate: their equations have complex eigenvalues"
    ordered = np.sort(eigenvalues.real, axis=-1)
    if np.any(np.diff(ordered, axis=-1) <= _NEAR * largest):
        return f"the equations of {names} have repeated eigenvalues, or nearly so"
    if np.any(np.abs(ordered) <= _ZERO * largest):
        return f"the equations of {names} have an eigenvalue of zero"
    return ""


def _handed_over(block: _Block, matrices: Mapping[tuple[str, ...], Array], reason: str) -> Method:
    from ..discrete.propagators import matrix_exponential

    dimensions, names = block.model.dimensions(), block.names
    spelled = {tuple(names[x] for x in group): matrix for group, matrix in matrices.items()}
    of_state = {names[x]: x for group in matrices for x in group}
    updater = Coefficients(tuple(spelled), block.frozen, _prefix(block))
    parameters: dict[str, Array] = {}
    declared: list[SingleEquation] = []
    for group, matrix in spelled.items():
        for still in updater.modes(group):
            rows = np.array([x in block.frozen and still for x in group])
            with np.errstate(over="ignore", invalid="ignore"):  # looked for below
                phi, gamma = matrix_exponential(np.where(rows[:, None], 0.0, matrix), float(block.seen["dt"]))
            for k, x in enumerate(group):
                for m, y in enumerate(group):
                    ratio = dimensions[of_state[x]] / dimensions[of_state[y]]
                    by_state, by_drive = updater.phi(x, y, still), updater.gamma(x, y, still)
                    parameters |= {by_state: phi[..., k, m], by_drive: gamma[..., k, m]}
                    declared.append(SingleEquation(PARAMETER, by_state, ratio, flags=["constant"]))
                    declared.append(SingleEquation(PARAMETER, by_drive, ratio * second.dim, flags=["constant"]))
    bad = sorted(name for name, value in parameters.items() if not np.all(np.isfinite(value)))
    if bad:
        raise TransferError(
            "coupled equations have no exact step",
            where=f"{block.where}: {', '.join(x for group in matrices for x in group)}",
            got=f"{', '.join(bad[:3])} not finite at these parameter values",
            expected="rates whose exponential over dt is a number",
            remedy="look at the parameters: a time constant of 0, or growth beyond all numbers within a step",
        )
    return Method("exact, coefficients handed over", updater, reason, parameters, tuple(declared))


def _prefix(block: _Block) -> str:
    """What the names of coefficients begin with: nothing of the model does, nor what they are called at the synapses."""
    prefix, taken = block.prefix, block.model.names_of("neuron") | block.model.names_of("synapse") | set(block.names.values())
    while any(name.startswith(prefix) for name in taken):
        prefix += "0"
    return prefix

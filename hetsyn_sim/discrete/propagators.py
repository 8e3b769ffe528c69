"""The exact step of linear equations that are coupled or driven: ``y' = A y + r`` over dt is ``Phi y + Gamma r``, with r held.

``Phi = exp(A dt)`` and ``Gamma`` its integral come from one matrix exponential of twice the size (Van Loan 1978), whatever the eigenvalues
are: complex, repeated or zero. Their entries are constants of the step, so NumPy and torch compute them once, each in its own way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy.linalg import expm, matrix_balance

from ..errors import SpecError
from ..spec.equations import symbol
from .linear import coefficients_of
from .program import evaluate
from .schemes import ACTIVE, Assignments, next_name
from .tape import where

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Propagator:
    """The entries of Phi and Gamma for a set of states, as constants with names."""

    #: What the names of the entries begin with.
    name: str
    #: In the order of the rows.
    states: tuple[str, ...]
    #: The matrix A, row by row: expressions in the neuron's parameters.
    rates: tuple[tuple[sympy.Expr, ...], ...]

    def phi(self, row: int, column: int) -> str:
        """The name of an entry of Phi."""
        return f"{self.name} phi {self.states[row]} {self.states[column]}"

    def gamma(self, row: int, column: int) -> str:
        """The name of an entry of Gamma."""
        return f"{self.name} gamma {self.states[row]} {self.states[column]}"

    @property
    def names(self) -> frozenset[str]:
        """The names of all entries."""
        return frozenset(self.named(*np.empty((2, len(self.states), len(self.states)))))

    def named(self, phi: Any, gamma: Any) -> dict[str, Any]:
        """The entries of both matrices by name, from arrays or tensors of shape (..., state, state)."""
        places = list(product(range(len(self.states)), repeat=2))
        return {self.phi(k, m): phi[..., k, m] for k, m in places} | {self.gamma(k, m): gamma[..., k, m] for k, m in places}

    def evaluate(self, values: Mapping[str, Any]) -> dict[str, Array]:
        """The entries by name with NumPy, each of shape (post,) or (), from dt and the neuron's parameters."""
        n = len(self.states)
        rates = np.stack(np.broadcast_arrays(*(evaluate(rate, values) for row in self.rates for rate in row)), axis=-1)
        return self.named(*matrix_exponential(rates.reshape(*rates.shape[:-1], n, n), float(values["dt"])))


def exact_step(
    rates: Mapping[str, sympy.Expr], frozen: Collection[str], constants: Collection[str], *, at: str
) -> tuple[Assignments, tuple[Propagator, ...]]:
    """Assignments that advance linear equations exactly, and the propagators whose entries they use.

    Raises
    ------
    SpecError
        If an equation is not linear in the states, or a rate changes.
    """
    names = tuple(rates)
    symbols = [symbol(x) for x in names]
    rows = {x: coefficients_of(rate, symbols, where=f"{at}: d{x}/dt") for x, rate in rates.items()}
    for x, (coefficients, _) in rows.items():
        changing = sorted({str(s) for c in coefficients for s in c.free_symbols} - set(constants))
        if changing:
            raise SpecError(
                "a rate changes within a recording",
                where=f"{at}: d{x}/dt",
                got=f"{', '.join(changing)} in the rate of a linear equation",
                expected='rates made of parameters and dt for scheme="exact"',
                remedy='name a scheme, such as scheme="exponential_euler", which is exact for a single equation too',
            )
    found: Assignments = []
    propagators: list[Propagator] = []
    for number, group in enumerate(coupled(names, {x: row for x, (row, _) in rows.items()})):
        if len(group) == 1:
            (x,) = group
            rate, rest = rows[x][0][names.index(x)], rows[x][1]
            found.append((next_name(x), _scalar(x, rate, rest, frozen)))
            continue
        modes = [("", frozenset[str]())] + ([("frozen", frozenset(frozen))] if set(group) & set(frozen) else [])
        steps = []
        for mode, still in modes:
            matrix = tuple(tuple(sympy.Integer(0) if x in still else rows[x][0][names.index(y)] for y in group) for x in group)
            propagator = Propagator(f"exact{number}{mode}", group, matrix)
            propagators.append(propagator)
            rests = [sympy.Integer(0) if x in still else rows[x][1] for x in group]
            steps.append([_row(propagator, k, rests) for k in range(len(group))])
        for k, x in enumerate(group):
            found.append((next_name(x), steps[0][k] if len(steps) == 1 else where(ACTIVE, steps[0][k], steps[1][k])))
    return found, tuple(propagators)


def _row(propagator: Propagator, k: int, rests: list[sympy.Expr]) -> sympy.Expr:
    n = range(len(propagator.states))
    terms = [symbol(propagator.phi(k, m)) * symbol(propagator.states[m]) for m in n]
    return sum(terms + [symbol(propagator.gamma(k, m)) * rests[m] for m in n if rests[m] != 0], sympy.Integer(0))


def _scalar(x: str, rate: sympy.Expr, rest: sympy.Expr, frozen: Collection[str]) -> sympy.Expr:
    dt, state = symbol("dt"), symbol(x)
    keeps = sympy.exp(rate * dt)
    # expm1 keeps the digits of slow states: 1 - exp(-dt/tau) loses log10(tau/dt) of them
    drive = dt * rest if rate == 0 else rest * sympy.Function("expm1")(rate * dt) / rate
    after = keeps * state + drive
    return where(ACTIVE, after, state) if x in frozen else after


def coupled(names: tuple[str, ...], rows: Mapping[str, list[sympy.Expr]]) -> list[tuple[str, ...]]:
    """The states in groups that do not see each other."""
    group_of = {x: {x} for x in names}
    for x in names:
        for y, coefficient in zip(names, rows[x], strict=True):
            if coefficient != 0 and group_of[x] is not group_of[y]:
                merged = group_of[x] | group_of[y]
                for member in merged:
                    group_of[member] = merged
    found = dict.fromkeys(tuple(x for x in names if x in group_of[y]) for y in names)
    return list(found)


def balancing(matrices: Array) -> Array:
    """Powers of two, one per state, that bring the entries of matrices (..., n, n) to like sizes: states may be volts and amperes."""
    sizes = np.abs(matrices).reshape(-1, *matrices.shape[-2:]).max(axis=0)
    _, (scale, _) = matrix_balance(sizes, permute=False, separate=True)
    return np.asarray(scale, dtype=np.float64)


def matrix_exponential(rates: Array, dt: float) -> tuple[Array, Array]:
    """Phi and Gamma for matrices of shape (..., n, n)."""
    n = rates.shape[-1]
    scale = balancing(rates * dt)
    both = np.zeros((*rates.shape[:-2], 2 * n, 2 * n))
    both[..., :n, :n] = rates * dt * scale / scale[:, None]
    both[..., :n, n:] = np.eye(n)
    result = expm(both)
    back = scale[:, None] / scale
    return result[..., :n, :n] * back, result[..., :n, n:] * back * dt

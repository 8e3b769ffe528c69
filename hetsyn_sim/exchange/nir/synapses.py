"""The ways of a spike through a synapse, and the groups that the time constants of synapses fall into.

A leaky integrator of NIR has one time constant per neuron. So a projection becomes K filters side by side, each with one time constant for
every postsynaptic neuron: a neuron's synapses may have K time constants among them, and every neuron K of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from ...discrete import discretise, evaluate
from ...discrete.linear import LinearBlock
from ...spec import NetworkSpec, NeuronModel, StepOrder
from .vocabulary import Array


@dataclass(frozen=True)
class SynapsePath:
    """How a presynaptic spike reaches v: it adds ``amplitude`` to ``state``.

    Attributes
    ----------
    per_synapse
        Whether every synapse has this state, or only the neuron.
    weight, tau
        The parameter that is the amplitude, and the one that is the state's time constant, where it is just that.
    gain
        What the state enters v times, an expression in the neuron's parameters.
    """

    state: str
    amplitude: sympy.Expr
    gain: sympy.Expr
    per_synapse: bool
    weight: str | None
    tau: str | None


def paths_of(model: NeuronModel, order: StepOrder) -> list[SynapsePath]:
    """The paths of a model whose v is a sum of filtered events."""
    program = discretise(model, order)
    paths = []
    for jump in model.on_pre_jumps:
        per_synapse = jump.target in program.synapse.states
        state = jump.target if per_synapse else jump.target.removesuffix("_post")
        gain = program.v_of_sums[state] if per_synapse else program.v_of_states[state]
        tau = None
        if per_synapse:
            k = program.synapse.states.index(state)
            tau = _plain(model, -1 / program.synapse.matrix[k, k])
        paths.append(SynapsePath(state, jump.amount, gain, per_synapse, _plain(model, jump.amount), tau))
    return paths


def tau_slots(spec: NetworkSpec) -> Iterator[tuple[str, str | None]]:
    """The slots that hold a time constant for every synapse, each with the slot of the weights that go with it."""
    for projection in spec.projections:
        target = spec.population(projection.target)
        model = target.model
        for path in paths_of(model, target.step_order):
            if path.tau is not None and model.parameters[path.tau].axes == "post pre":
                yield f"{projection.name}.{path.tau}", None if path.weight is None else f"{projection.name}.{path.weight}"


def time_constant(block: LinearBlock, state: str, values: Mapping[str, Any]) -> Array:
    """The time constant of a state, as it is stored if it is a parameter, in seconds."""
    rate = block.matrix[block.states.index(state), block.states.index(state)]
    tau = -1 / rate if rate != 0 else sympy.oo
    return np.asarray(np.inf if tau == sympy.oo else evaluate(tau, values), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Groups:
    """``tau`` (group, post): the time constants; ``member`` (post, pre): the group that each synapse is in."""

    tau: Array
    member: NDArray[np.integer]


def distinct(tau: Array) -> int:
    """The largest number of different time constants that one neuron's synapses have, for ``tau`` of shape (post, pre)."""
    ordered = np.sort(tau, axis=1)
    return int(1 + np.max(np.sum(ordered[:, 1:] != ordered[:, :-1], axis=1), initial=0))


def groups_of(tau: Array) -> Groups:
    """The groups that time constants of shape (post, pre) fall into, with nothing changed."""
    n = distinct(tau)
    grouped, member = np.empty((n, tau.shape[0])), np.empty(tau.shape, dtype=np.int16 if n < 2**15 else np.int64)
    for post, row in enumerate(tau):
        values, member[post] = np.unique(row, return_inverse=True)
        grouped[:, post] = np.concatenate([values, np.full(n - len(values), values[-1])])  # groups that this neuron does not need
    return Groups(grouped, member)


def quantised_row(tau: Array, weight: Array, n: int) -> Array:
    """Time constants of one neuron (pre,), each replaced by one of ``n`` values, with the least error in log tau, weighted by
    ``weight**2``.

    A synapse's part of the voltage error is in proportion to its weight times its error in log tau, so this is the sum of squares of those
    parts. A group of equal time constants keeps them to the last bit.
    """
    values, inverse = np.unique(tau, return_inverse=True)
    if len(values) <= n:
        return tau.copy()
    # weights of 0 count a little: a synapse that trained away has a tau all the same
    squares: Array = np.bincount(inverse, weights=weight**2, minlength=len(values)).astype(np.float64)
    squares = squares + max(1e-9 * float(squares.mean()), float(np.finfo(np.float64).tiny))
    bounds = cluster(np.log(values), squares, n)
    centres = np.empty(len(values))
    for begin, end in bounds:
        alone = end - begin == 1
        centres[begin:end] = values[begin] if alone else np.exp(np.average(np.log(values[begin:end]), weights=squares[begin:end]))
    quantised: Array = centres[inverse]
    return quantised


def cluster(points: Array, weights: Array, n: int) -> list[tuple[int, int]]:
    """The ``n`` runs of sorted points with the least weighted sum of squares about their means: k-means in one dimension, to the optimum.

    By dynamic programming over the end of the last run (Wang and Song 2011, Ckmeans.1d.dp), O(n m^2) for m points.

    Returns
    -------
    list of (begin, end)
        Half-open, in order.
    """
    m = len(points)
    centred = points - np.average(points, weights=weights)  # sums of squares lose fewer digits near 0
    w, first, second = (np.concatenate([[0.0], np.cumsum(weights * centred**power)]) for power in range(3))
    begin, end = np.arange(m)[:, None], np.arange(1, m + 1)[None, :]
    total = np.where(end > begin, w[end] - w[begin], 1.0)
    cost = np.where(end > begin, second[end] - second[begin] - (first[end] - first[begin]) ** 2 / total, np.inf)  # (begin, end - 1)
    best, starts = cost[0], [np.zeros(m, dtype=np.int64)]
    for _ in range(1, n):
        # one run more: the last begins at `begin`, and what comes before it ends there
        tried = np.concatenate([[np.inf], best[:-1]])[:, None] + cost
        starts.append(np.argmin(tried, axis=0))
        best = tried[starts[-1], np.arange(m)]
    runs, stop = [], m
    for start in reversed(starts):
        runs.append((int(start[stop - 1]), stop))
        stop = runs[-1][0]
    return runs[::-1]


def _plain(model: NeuronModel, expression: sympy.Expr) -> str | None:
    """The name of the synapse's parameter that an expression is nothing but; None if it is more than that."""
    name = str(expression)
    return name if name in model.parameters_of("synapse") and expression.is_Symbol else None

"""What of a model goes where in a NIR graph: its paths, with the parameters that stand in a node as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from ..discrete import discretise, evaluate
from ..discrete.linear import LinearBlock
from ..spec import NetworkSpec, NeuronModel, StepOrder
from .nir_conventions import Array


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
    found = []
    for jump in model.on_pre_jumps:
        per_synapse = jump.target in program.synapse.states
        state = jump.target if per_synapse else jump.target.removesuffix("_post")
        gain = program.v_of_sums[state] if per_synapse else program.v_of_states[state]
        tau = None
        if per_synapse:
            k = program.synapse.states.index(state)
            tau = _plain(model, -1 / program.synapse.matrix[k, k])
        found.append(SynapsePath(state, jump.amount, gain, per_synapse, _plain(model, jump.amount), tau))
    return found


def tau_slots(spec: NetworkSpec) -> Iterator[tuple[str, str | None]]:
    """The slots that hold a time constant for every synapse, each with the slot of the weights that go with it."""
    for projection in spec.projections:
        model = spec.population(projection.target).model
        for path in paths_of(model, spec.step_order):
            if path.tau is not None and model.parameters[path.tau].axes == "post pre":
                yield f"{projection.name}.{path.tau}", None if path.weight is None else f"{projection.name}.{path.weight}"


def time_constant(block: LinearBlock, state: str, values: Mapping[str, Any]) -> Array:
    """The time constant of a state, as it is stored if it is a parameter, in seconds."""
    rate = block.matrix[block.states.index(state), block.states.index(state)]
    tau = -1 / rate if rate != 0 else sympy.oo
    return np.asarray(np.inf if tau == sympy.oo else evaluate(tau, values), dtype=np.float64)


def _plain(model: NeuronModel, expression: sympy.Expr) -> str | None:
    """The name of the synapse's parameter that an expression is nothing but; None if it is more than that."""
    name = str(expression)
    return name if name in model.parameters_of("synapse") and expression.is_Symbol else None

"""The cause of a divergence: the state behind v that differed first, as far as the recordings hold the states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.recording import Recording
from ..discrete import discretise, evaluate, is_filter, neuron_values
from ..spec import NetworkSpec
from .outcome import StateDifference

Array = NDArray[np.float64]


def first_state_difference(
    spec: NetworkSpec,
    values: Mapping[str, NDArray[Any]],
    reference: Recording,
    other: Recording,
    run: int,
    until: int,
    bounds: Mapping[str, float],
) -> StateDifference | None:
    """The first synaptic sum or neuron state of a run, up to and including step ``until``, that rounding can't explain.

    A state x enters v as ``gain * x``, so a difference of x counts if ``|gain| * |dx|`` is above the bound of v. Within a step the order is
    that of cause and effect: population by population, the sums before the neuron's own states. None if no recorded state differs.
    """
    first: StateDifference | None = None
    for population, name, gain in _states_behind_v(spec, values):
        key = f"{population}.{name}"
        if key not in reference.traces or key not in other.traces:
            continue
        one, two = (r.traces[key][: until + 1, run] for r in (reference, other))  # (time, neuron)
        with np.errstate(invalid="ignore"):  # inf - inf
            excess = np.nan_to_num(np.abs(gain) * np.abs(one - two), nan=np.inf)
        steps = np.flatnonzero((excess > bounds[population]).any(axis=1))
        if not steps.size or (first is not None and steps[0] >= first.step):
            continue
        step = int(steps[0])
        neuron = int(np.argmax(excess[step]))
        first = StateDifference(population, name, step, neuron, float(one[step, neuron]), float(two[step, neuron]))
    return first


def _states_behind_v(spec: NetworkSpec, values: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, str, Array]]:
    """Population, name of the trace, and the gain with which the state enters v."""
    for population in spec.populations:
        if not is_filter(population.model, population.step_order):
            continue  # how a state reaches v later is not one number here
        program = discretise(population.model, population.step_order)
        own = neuron_values(spec, population.name, values)
        sums = {f"{name}_syn": gain for name, gain in program.v_of_sums.items()}
        for name, gain in (sums | dict(program.v_of_states)).items():
            if name != "v":  # a membrane is compared as v itself
                yield population.name, name, np.asarray(evaluate(gain, own), dtype=np.float64)

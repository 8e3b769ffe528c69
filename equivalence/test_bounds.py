"""The tolerance itself: the bound of a voltage counts every event that stands behind it.

    bound >= u (n + 3T + 32) (max over t, neurons of sum of |events| that have not decayed yet  +  theta)

The sum is stepped here event by event with absolute sizes, a second route to what :mod:`hetsyn_sim.agreement.bounds` gets from counts.
"""

import numpy as np

from equivalence.properties import holds
from equivalence.strategies import networks
from hetsyn_sim.agreement.bounds import voltage_bounds
from hetsyn_sim.discrete import discretise, evaluate, neuron_values, synapse_values


def still_there(amplitude, decay, spikes):
    """The sum over time constants of |amplitude| of past events, (time, run, post), from spikes (time, run, pre) or of the neurons."""
    state, found = 0.0, []
    for now in spikes.astype(float):
        event = np.abs(amplitude) * (now[:, None, :] if np.ndim(amplitude) == 2 else now)
        state = np.asarray(state) * decay + event
        found.append(state.sum(axis=2) if np.ndim(amplitude) == 2 else state)
    return np.array(found)


def peak(case, recording, population):
    """The largest sum of absolute events behind v, and the number of terms in it."""
    program = discretise(population.model, population.step_order)
    total, n = 0.0, 0
    for q in case.spec.projections_to(population.name):
        seen = synapse_values(case.spec, q, case.values)
        for path in program.synaptic_paths:
            amplitude = np.broadcast_to(evaluate(path.gain * path.amplitude, seen), (q.n_post, q.n_pre)).copy()
            n += q.n_pre
            if not q.self_connections:
                np.fill_diagonal(amplitude, 0.0)
            decay = np.broadcast_to(evaluate(path.decay, seen), amplitude.shape)
            total = total + still_there(amplitude, decay, recording.rasters[q.source])
    own = neuron_values(case.spec, population.name, case.values)
    for path in program.reset_paths:
        n += 1
        amplitude, decay = (np.broadcast_to(evaluate(e, own), (population.size,)) for e in (path.gain * path.amplitude, path.decay))
        total = total + still_there(amplitude, decay, recording.rasters[population.name])
    theta = 0.0 if program.theta is None else float(np.max(np.abs(evaluate(program.theta, own))))
    return float(np.max(total)) + theta, n


@holds(networks(), near_misses=("resets not counted", "a tenth of the bound"), subjects=["float64", "float32"])
def test_the_rounding_bound_counts_every_event(subject, case):
    recording, dtype = case.reference, "float32" if subject == "float32" else "float64"
    values = case.values
    if subject == "resets not counted":
        values = {key: np.zeros_like(value) if key.endswith((".theta", ".a")) else value for key, value in values.items()}
    bounds = voltage_bounds(case.spec, values, recording, dtype)
    for population in case.spec.populations:
        largest, n = peak(case, recording, population)
        least = float(np.finfo(dtype).eps) / 2 * (n + 3 * recording.n_steps + 32) * largest
        found = bounds[population.name] * (0.1 if subject == "a tenth of the bound" else 1.0)
        assert found >= (1.0 - 1e-9) * least, f"{population.name}: {found} < {least}\n{case!r}"

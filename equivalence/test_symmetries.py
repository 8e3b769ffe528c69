"""What can be renamed, doubled or run together without changing a neuron.

neurons and synapses in another order:   w'[j, i] = w[p(j), q(i)],  x'[i] = x[q(i)]     =>   z'[j] = z[p(j)],  v'[j] = v[p(j)]
a synapse split in two:                  w = w_1 + w_2, same tau, same spikes           =>   the same z and v
a run alone or among others, in any order of the runs: the same z and v (every run begins at rest)
"""

from dataclasses import replace

import numpy as np

from equivalence.comparing import agree, run
from equivalence.ledger import LEDGER
from equivalence.properties import holds
from equivalence.simulators import precision
from equivalence.strategies import Case, networks


def check_same(simulator, case, other, back):
    """The recording of ``other``, brought back by ``back``, is that of ``case``."""
    one = run(simulator, case)
    LEDGER.note_network(one)
    agree(case, one, back(run(simulator, other)), precision(simulator))


def picked(recording, rasters, traces):
    """A recording with every raster and trace changed by a function of its name and itself."""
    return replace(
        recording,
        rasters={name: rasters(name, array) for name, array in recording.rasters.items()},
        traces={key: traces(key.split(".")[0], array) for key, array in recording.traces.items()},
    )


def orders_of(case, n=1):
    """A permutation of the input channels and of every population, the same for the same case."""
    rng = np.random.default_rng([n, int(case.inputs.sum()), *case.inputs.shape])
    sizes = {"input": case.spec.n_input} | {p.name: p.size for p in case.spec.populations}
    return {name: rng.permutation(size) for name, size in sizes.items()}


def permuted(case, order):
    """The network with its channels and neurons in another order; neuron k is the one that was ``order[k]``."""
    values = {}
    for key, slot in case.spec.slots.items():
        value = case.values[key]
        if slot.parameter.axes == "post pre":
            projection = next(q for q in case.spec.projections if q.name == slot.owner)
            value = value[np.ix_(order[projection.target], order[projection.source])]
        elif slot.parameter.axes == "post":
            value = value[order[key.split(".")[0]]]
        values[key] = value.copy()
    return Case(case.spec, values, case.inputs[..., order["input"]])


@holds(networks(), near_misses=("time constants of two synapses swapped", "two weights swapped", "w transposed"))
def test_neurons_and_synapses_have_no_order(simulator, case):
    order = orders_of(case)
    inverse = {name: np.argsort(p) for name, p in order.items()}
    back = lambda name, array: array[..., inverse[name]]  # noqa: E731
    check_same(simulator, case, permuted(case, order), lambda recording: picked(recording, back, back))


def split(case, channel=0):
    """The network with one more input channel, a copy of ``channel``; each of the two has half of the weight."""
    spec = replace(case.spec, n_input=case.spec.n_input + 1)
    values = dict(case.values)
    for key, slot in case.spec.slots.items():
        if slot.owner == "layer_1.feedforward" and slot.parameter.axes == "post pre":
            twice = case.values[key][:, [*range(case.spec.n_input), channel]]
            if slot.name == "w":  # halves are exact in every precision
                twice[:, [channel, -1]] *= 0.5
            values[key] = twice
    return Case(spec, values, case.inputs[..., [*range(case.spec.n_input), channel]])


@holds(networks(), near_misses=("coincident spikes counted once", "weights above 1 cut off", "two weights swapped"))
def test_a_synapse_may_be_split_in_two(simulator, case):
    def back(recording):
        keep = lambda name, array: array[..., :-1] if name == "input" else array  # noqa: E731
        return picked(recording, keep, keep)

    check_same(simulator, case, split(case), back)


@holds(networks(max_runs=3), near_misses=("runs that begin where the one before ended",))
def test_a_run_is_the_same_alone_and_among_others_in_any_order(simulator, case):
    """Brian2 runs all recordings of a batch one after the other and resets in between; PyTorch runs them side by side."""
    n_runs = case.inputs.shape[1]
    turned = lambda name, array: array[:, ::-1]  # noqa: E731
    both = Case(case.spec, case.values, np.concatenate([case.inputs, case.inputs], axis=1))
    first = lambda name, array: array[:, n_runs:]  # noqa: E731
    check_same(simulator, case, Case(case.spec, case.values, case.inputs[:, ::-1]), lambda recording: picked(recording, turned, turned))
    check_same(simulator, case, both, lambda recording: picked(recording, first, first))
    alone = Case(case.spec, case.values, case.inputs[:, -1:])
    last = lambda name, array: array[:, -1:]  # noqa: E731
    agree(alone, run(simulator, alone), picked(run(simulator, case), last, last), precision(simulator))

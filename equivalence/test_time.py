"""What time may do without changing a neuron.

later:      x'[t + k] = x[t]                           =>   z'[t + k] = z[t], v'[t + k] = v[t], and silence before
causality:  x' = x up to step k, anything after it     =>   z' = z and v' = v up to step k
semigroup:  dt' = dt/2, x'[2t] = x[t], no spikes       =>   v'[2t] = v[t]: two steps of dt/2 are one of dt
units:      dt' = c dt, tau' = c tau                   =>   the same z and v, step by step: only dt/tau counts
again:      a simulation that has run before           =>   the same z and v as one that has not (Brian2)
in pieces:  run to step k, hand the state on           =>   the same z and v as in one run (PyTorch)
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import torch

from equivalence.backends import BACKENDS
from equivalence.comparing import agree, run
from equivalence.ledger import LEDGER
from equivalence.properties import holds
from equivalence.simulators import find, precision
from equivalence.strategies import Case, networks
from equivalence.test_symmetries import check_same, picked
from hetsyn_sim.agreement.bounds import voltage_bounds
from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.discrete import is_time_constant
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.training.layer import SpikingLayer
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network


def between(recording, first, last=None):
    cut = lambda name, array: array[first:last]  # noqa: E731
    return picked(recording, cut, cut)


def silence(case, n_steps):
    return np.zeros((n_steps, *case.inputs.shape[1:]), dtype=bool)


@holds(networks(), near_misses=("deaf in the first step", "input one step early"))
def test_later_input_gives_the_same_later(simulator, case):
    later = Case(case.spec, case.values, np.concatenate([silence(case, 3), case.inputs]))
    check_same(simulator, case, later, lambda recording: between(recording, 3))
    before = between(run(simulator, later), 0, 3)
    assert not any(array.any() for array in (*before.rasters.values(), *before.traces.values())), "something before the first spike"


@holds(networks(), near_misses=("deaf in the last step", "input one step early"))
def test_the_past_does_not_depend_on_the_future(simulator, case):
    """Neither on silence that is put after the recording, nor on the rest of the recording."""
    n_steps = len(case.inputs)
    padded = Case(case.spec, case.values, np.concatenate([case.inputs, silence(case, 4)]))
    check_same(simulator, case, padded, lambda recording: between(recording, 0, n_steps))
    start = Case(case.spec, case.values, case.inputs[: (n_steps + 1) // 2])
    agree(start, run(simulator, start), between(run(simulator, case), 0, len(start.inputs)), precision(simulator))


def without_spikes(case):
    """The same with every threshold out of reach; and with thresholds of 0, for a bound that they do not widen."""
    thetas = {key for key, slot in case.spec.slots.items() if slot.name == "theta"}
    high, none = ({key: np.full_like(v, number) if key in thetas else v for key, v in case.values.items()} for number in (1e6, 0.0))
    return Case(case.spec, high, case.inputs), none


@holds(networks(), near_misses=("Euler for exact", "input one step late", "dt taken as 1 ms"), slow=0.02)
def test_two_half_steps_are_a_whole_one(simulator, case):
    coarse, values = without_spikes(case)
    inputs = np.zeros((2 * len(case.inputs), *case.inputs.shape[1:]), dtype=bool)
    inputs[::2] = case.inputs
    # what a jump adds may depend on dt in the model's own text
    fine = Case(replace(case.spec, dt=0.5 * case.spec.dt_s), coarse.values, inputs)
    one, two = run(simulator, coarse), run(simulator, fine)
    assert not any(raster.any() for name, raster in two.rasters.items() if name != "input")
    bounds = voltage_bounds(fine.spec, values, two, find(simulator).dtype)
    for key, v in one.traces.items():
        if key.endswith(".v"):
            np.testing.assert_allclose(two.traces[key][::2], v, rtol=0, atol=2 * bounds[key.split(".")[0]], err_msg=repr(case))


@holds(networks(), near_misses=("dt taken as 1 ms",))
def test_only_dt_over_tau_counts(simulator, case):
    """Seconds for milliseconds. A thousand is no power of two: dt/tau is rounded anew, which the bound allows for."""
    scaled = {key: 1e3 * value if is_time_constant(case.spec.slots[key]) else value for key, value in case.values.items()}
    slow = Case(replace(case.spec, dt=1e3 * case.spec.dt_s), scaled, case.inputs)
    check_same(simulator, case, slow, lambda recording: replace(recording, dt=case.spec.dt_s))


@holds(networks(max_steps=15), near_misses=("what the first run has left",), subjects=["brian2 numpy"], fast=0.1)
def test_a_simulation_can_run_again(simulator, case):
    """On other recordings, of another length and number, before."""
    before = np.concatenate([case.inputs[::-1], case.inputs])
    if simulator == "what the first run has left":
        both = Case(case.spec, case.values, np.concatenate([before, case.inputs]))
        again = between(both.reference, len(before))
    else:
        simulation = BrianSimulation(case.spec, case.values)
        simulation.run(np.repeat(before, 2, axis=1))
        again = simulation.run(case.inputs)
    agree(case, case.reference, again, "float64")


def in_pieces(backend, case, *, forget=False):
    """The recording of a back end that runs the steps in three pieces."""
    with use_backend(backend), default_dtype(torch.float64), torch.no_grad():
        network = Network(case.spec, values=case.values, trainable=False)
        state, z, v = None, defaultdict(list), defaultdict(list)
        for piece in np.array_split(case.inputs, min(3, len(case.inputs))):
            x, new = torch.as_tensor(piece, dtype=torch.float64), {}
            for name, layer in network.layers.items():
                assert isinstance(layer, SpikingLayer)
                piece_run = layer.run(x, None if state is None else state[name])
                new[name] = piece_run.state
                v[f"{name}.v"].append(piece_run.v.numpy())
                if piece_run.z is not None:
                    z[name].append(piece_run.z.numpy() > 0)
                    x = piece_run.z
            state = None if forget else new
        return {n: np.concatenate(p) for n, p in z.items()}, {n: np.concatenate(p) for n, p in v.items()}


@holds(networks(), near_misses=("a state that is dropped",), subjects=[name for name, reason in BACKENDS.items() if not reason])
def test_a_run_in_pieces_is_one_run(backend, case):
    forget = backend == "a state that is dropped"
    whole = case.reference
    LEDGER.note_network(whole)
    rasters, traces = in_pieces("plain" if forget else backend, case, forget=forget)
    dtype = "float64" if forget else precision(f"torch {backend} float64")
    agree(case, whole, replace(whole, rasters={"input": case.inputs, **rasters}, traces=traces, simulator="in pieces"), dtype)

"""Proofs of spike trains against a network of numbers with 300 bits: bounds hold v, true spike trains are proved, and others refuted."""

from dataclasses import replace

import mpmath
import numpy as np

from equivalence.exact import BITS, run_exactly
from equivalence.properties import holds
from equivalence.strategies import SPIKING_MODELS, networks
from equivalence.test_bounds import peak
from hetsyn_sim.agreement.proofs import balls, prove_recording
from hetsyn_sim.agreement.proofs.paths import check_provable, sums
from hetsyn_sim.agreement.proofs.proving import enclose
from hetsyn_sim.agreement.proofs.voltages import distances
from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import Layer, NetworkSpec


def provable(model):
    try:
        check_provable(NetworkSpec("1 ms", 1, [Layer(model, 1)]))
    except SpecError:
        return False
    return True


PROVABLE = [model for model in SPIKING_MODELS if provable(model)]
CASES = networks(PROVABLE, max_layers=2, max_size=3, max_steps=25, moderate=True)
#: Roundings of products and decays grow with time.
LONG = networks(PROVABLE, max_layers=1, max_size=2, max_steps=120, moderate=True)


@holds(CASES, near_misses=("a thousandth of the bound", "weights off by 1e-10"), subjects=["Arb", "NumPy"])
def test_the_bound_of_float64_holds_v_of_real_numbers(subject, case):
    recording, exact = run_exactly(case)
    values = case.values
    if subject == "weights off by 1e-10":
        values = {key: value * (1 + 1e-10) if key.endswith(".w") else value for key, value in values.items()}
    for of in sums(case.spec, values):
        found, bound = distances(of, recording, balls.enclose if subject == "Arb" else enclose)
        error = np.abs((exact[of.name] - found).astype(float))
        allowed = bound * (1e-3 if subject == "a thousandth of the bound" else 1.0)
        assert np.all(error <= allowed), f"{of.name}: {np.max(error)} of {allowed.max()}\n{case!r}"
        for neuron in range(of.size):  # and the balls that decide what float64 leaves open
            ball = balls.distance(of, recording, 0, len(error) - 1, neuron, 106)
            with mpmath.workprec(BITS), balls.flint().ctx.workprec(BITS):
                assert ball.overlaps(balls.flint().arb(mpmath.nstr(exact[of.name][-1, 0, neuron], 85))), f"{of.name} {neuron}\n{case!r}"


@holds(LONG, near_misses=("resets not counted", "half of the bound"), subjects=["Arb", "NumPy"])
def test_the_bound_counts_every_rounding(subject, case):
    """``bound >= (u (2T + n) + T e) (max over t, neurons of the sum of |events| that have not decayed yet)``.

    T products and T additions of a state, n additions over synapses; e is u at least, where a decay is known to the numbers next to it.
    """
    values = case.values
    if subject == "resets not counted":
        values = {key: np.zeros_like(value) if key.endswith((".theta", ".a")) else value for key, value in values.items()}
    recording, u = case.reference, 2.0**-53
    for of in sums(case.spec, values):
        population = case.spec.population(of.name)
        _, bound = distances(of, recording, enclose if subject == "NumPy" else balls.enclose)
        theta = float(np.max(np.abs(case.values[f"{of.name}.neuron.theta"])))
        largest, n = peak(case, recording, population)
        least = u * (3 * recording.n_steps + n) * (largest - theta)
        found = bound.max() * (0.5 if subject == "half of the bound" else 1.0)
        assert found >= (1.0 - 1e-9) * least, f"{of.name}: {found} < {least}\n{case!r}"


@holds(CASES, near_misses=("takes every spike train's word", "forgets the last step"), subjects=["proof"])
def test_true_spike_trains_are_proved_and_others_refuted(subject, case):
    recording, _ = run_exactly(case)
    proof = prove_recording(case.spec, case.values, recording)
    assert proof.complete, f"{proof}\n{case!r}"
    # one cell is changed, another one in every case
    layer = case.spec.populations[0].name
    raster = recording.rasters[layer].copy()
    place = np.unravel_index(int(sum(r.sum() for r in recording.rasters.values())) * 7919 % raster.size, raster.shape)
    raster[place] = not raster[place]
    step, run, neuron = (int(k) for k in place)
    proof = prove_recording(case.spec, case.values, replace(recording, rasters={**recording.rasters, layer: raster}))
    refuted = proof.refuted if subject == "proof" or (subject == "forgets the last step" and step < len(raster) - 1) else ()
    first = [(cell.run, cell.step, cell.population, cell.neuron) for cell in refuted if cell.population == layer]
    assert first == [(run, step, layer, neuron)], f"{proof}\n{case!r}"
    assert proof.n_proved + len(proof.refuted) + len(proof.open) + proof.n_blocked == proof.n_cells

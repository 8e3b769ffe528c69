"""Delays: what a step with them costs, at toy size, and what learning them is worth."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import ms

import hetsyn_sim as hs
from benchmarks.delays import MODELS, measure
from hetsyn_sim.models import HetSynLIF, LeakyReadout


def test_every_kind_of_delay_is_measured_beside_none():
    for recurrent in (False, True):
        times = measure(1, recurrent=recurrent, n_input=6, size=4, n_steps=20, n_batch=3)
        assert set(times) == set(MODELS)
        assert all(0.0 < milliseconds < 1e5 for milliseconds in times.values())


def orders(n=200, lag=12):
    """Which of two channels spikes 12 steps before the other, anywhere in 60 steps: no count or rate tells."""
    rng, labels = np.random.default_rng(0), np.arange(n) % 2
    raster = np.zeros((n, 60, 2), dtype=bool)
    for k, label in enumerate(labels):
        begin = rng.integers(0, 25)
        raster[k, begin, 1 - label] = raster[k, begin + lag, label] = True
    steps, units = zip(*(np.nonzero(one) for one in raster), strict=True)
    split = np.where(np.arange(n) < 3 * n // 4, "train", "test")
    return hs.SpikeDataset.from_lists(steps, units, dt=1e-3, n_channels=2, n_steps=np.full(n, 60), labels=labels, split=split)


@pytest.mark.parametrize("seed", [0, 1])
def test_coincidences_are_learned_by_delays_and_not_without(seed, monkeypatch):
    """One spike of at most 0.65 is no threshold, and two are if they arrive within 2.5 ms: weights alone can't bring them together."""
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")
    data, strongest = orders(), 0.65
    hidden = HetSynLIF.with_parameters(
        tau_syn={"initial": 4 * ms, "trainable": False},
        w={"initial": f"uniform({0.8 * strongest}, {strongest})", "bounds": (0.0, strongest)},
        tau_reset={"initial": 5 * ms},
    )
    readout = LeakyReadout.with_parameters(tau_syn={"initial": 20 * ms, "trainable": False})
    training = hs.Training(batch_size=15, dropout=0.0, epochs=60, seed=seed, optimiser={"lr": 0.01})
    accuracy = {}
    for name, model in {"fixed": hidden.with_delay("uniform(0 ms, 20 ms)"), "learned": hidden.with_delay(bounds=(0 * ms, 20 * ms))}.items():
        spec = hs.NetworkSpec(data.dt, 2, [hs.Layer(model, 4)], hs.Layer(readout, 2))
        result = hs.fit(spec, data, training=training, progress=False)
        effect = result.effect_of_rounding(data.test)
        accuracy[name] = effect.accuracy
        assert abs(effect.accuracy - effect.accuracy_between) <= 0.02
    assert accuracy["fixed"] <= 0.6
    assert accuracy["learned"] >= accuracy["fixed"] + 0.1
    assert hs.compare(result.network, hs.to_brian2(result, form="fast").run(data.test)).spike_mismatches == 0

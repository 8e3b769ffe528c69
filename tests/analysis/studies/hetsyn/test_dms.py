"""Delayed match-to-sample: what is measured of a network, on short trainings."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.studies.hetsyn import dms
from analysis.studies.hetsyn.dms_memory import memory
from analysis.studies.hetsyn.lesions import as_heavy
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.tasks import delayed_match_to_sample
from hetsyn_sim.training import Network, evaluate
from hetsyn_sim.training.losses import LastStep


def test_the_control_is_as_many_other_synapses_of_like_weight():
    rng = np.random.default_rng(0)
    w, chosen = rng.random((20, 30)), rng.random((20, 30)) < 0.06
    control = as_heavy(chosen, w, rng)
    assert control.sum() == chosen.sum()
    assert not (control & chosen).any()
    assert np.sort(w[control]) == pytest.approx(np.sort(w[chosen]), abs=0.02)


@pytest.mark.parametrize(
    ("case", "size", "n_steps"),
    [
        ({"hidden": 5}, 5, 210),
        ({"recurrent": True, "delay": 2.5}, 100, 550),
        pytest.param({"recurrent": True, "noise_hz": 20.0}, 100, 210, marks=pytest.mark.thorough),
        ({"time_constants": "log_tau", "rate": 3.0}, 100, 210),
        ({"time_constants": "tau", "rate": 0.0}, 100, 210),
        ({"reset": "fixed", "model": "HetNeuLIF"}, 100, 210),
        ({"tested_at_hz": 20.0}, 100, 210),
    ],
)
def test_what_a_case_says_is_done(case, size, n_steps, monkeypatch):
    seen = {}
    real = dms.fit

    def watched(recipe, data, **more):
        seen.update(recipe=recipe, data=data)
        return real(recipe, data, **more)

    monkeypatch.setattr(dms, "fit", watched)
    row = dms.run({"model": "HetSynLIF", "tau_ms": 40.0, **case}, 0, iterations=2, n_test=60)
    assert row["mismatches"] == 0
    assert seen["recipe"].network.hidden == [size]
    assert seen["data"].n_steps[0] == n_steps
    assert (seen["data"].train.rasters()[40:180, :, :20].mean() > 0.05) == ("noise_hz" in case)
    settings = seen["recipe"].training
    expected = (case.get("time_constants", "rho_clamped"), case.get("rate", 1.0))
    assert (settings.time_constants, settings.optimiser.lr_factor_time_constants) == expected


def test_a_reset_as_published_is_hetneulif_but_for_the_reset():
    """One time constant for each neuron, the same start; equal to the textbook's neuron where nothing spikes, and another where it does."""
    data = delayed_match_to_sample(0, 4)
    case = {"model": "HetNeuLIF", "tau_ms": 100.0}
    own, published = (dms.recipe_for({**case, **more}, 0).spec(data.dt, 30, 2) for more in ({}, {"reset": "fixed"}))
    values = own.initial_values(0)
    tau = values["layer_1.neuron.tau_mem"]
    assert published.slots["layer_1.feedforward.tau_syn"].shape == tau.shape == (100,)
    given = {**published.initial_values(0), "layer_1.feedforward.tau_syn": tau}
    assert float(given["layer_1.neuron.tau_reset"]) == 0.04
    for key in ("layer_1.feedforward.w", "readout.feedforward.w", "readout.neuron.tau_mem"):
        given[key] = values[key]
    x = data.test.rasters()
    for theta, alike in ((1e3, True), (1.0, False)):
        theta = {"layer_1.neuron.theta": np.array(theta)}
        v, w = (Network(spec, values={**of, **theta}).record(x).traces["readout.v"] for spec, of in ((own, values), (published, given)))
        first = Network(own, values={**values, **theta}).record(x).rasters["layer_1"]
        assert np.allclose(v, w, rtol=1e-4, atol=1e-5) == alike == (not first.any())


def test_shuffled_time_constants_are_the_learned_ones_in_another_order():
    data = delayed_match_to_sample(0, 4)
    spec = dms.recipe_for({"model": "HetSynLIF", "tau_ms": 100.0}, 0).spec(data.dt, 30, 2)
    initial, learned = Checkpoint(spec, spec.initial_values(0)), Checkpoint(spec, spec.initial_values(1))
    start = dms.with_shuffled(initial, learned, 0)
    for key, value in start.values.items():
        if key.endswith("tau_syn"):
            np.testing.assert_array_equal(np.sort(value, axis=None), np.sort(learned.values[key], axis=None))
            assert (value != learned.values[key]).mean() > 0.9
        else:
            np.testing.assert_array_equal(value, initial.values[key])


def test_long_time_constants_are_found_and_taken_away():
    """A network whose cue synapses are made infinite: these are the long ones, and without them it is the initial network."""
    data = delayed_match_to_sample(5, 200)
    spec = dms.recipe_for({"model": "HetSynLIF", "tau_ms": 100.0}, 0).spec(data.dt, 30, 2)
    initial = Checkpoint(spec, spec.initial_values(0))
    tau = initial.values["layer_1.feedforward.tau_syn"].copy()
    tau[:, :10] = np.inf
    trained = replace(initial, values={**initial.values, "layer_1.feedforward.tau_syn": tau})
    facts = memory(initial, trained, data.test, 0)
    assert [facts[name] for name in ("long", "infinite", "cue_long", "noise_long")] == pytest.approx([1 / 3, 1 / 3, 1 / 2, 0.0])
    assert facts["accuracy_without_long"] == evaluate(Network.from_checkpoint(initial), data.test, LastStep()).accuracy
    at_mean = initial.values["layer_1.feedforward.tau_syn"].copy()
    at_mean[:, :10] = at_mean.mean()
    meant = replace(initial, values={**initial.values, "layer_1.feedforward.tau_syn": at_mean})
    assert facts["accuracy_with_mean"] == evaluate(Network.from_checkpoint(meant), data.test, LastStep()).accuracy
    # nothing else has moved, so that setting anything else back changes nothing
    whole = evaluate(Network.from_checkpoint(trained), data.test, LastStep()).accuracy
    assert {facts[f"accuracy_without_{control}"] for control in ("control", "moved", "grown")} == {whole}
    assert facts["cue_half_long"] == pytest.approx(0.5)
    assert facts["noise_median_ms"] == pytest.approx(1e3 * np.median(tau[:, 20:]))
    assert facts["cue_mean_ms"] == pytest.approx(1e3 * np.mean(tau[:, 10:20]))

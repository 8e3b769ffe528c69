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
        ({"log_tau": 3.0}, 100, 210),
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
    expected = ("log_tau", 3.0) if "log_tau" in case else ("rho_clamped", 1.0)
    assert (settings.time_constants, settings.optimiser.lr_factor_time_constants) == expected


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
    assert facts["noise_median_ms"] == pytest.approx(1e3 * np.median(tau[:, 20:]))
    assert facts["cue_mean_ms"] == pytest.approx(1e3 * np.mean(tau[:, 10:20]))

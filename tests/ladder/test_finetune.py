"""Training on a rung: it begins with the trained network, it is the rung's network that is trained, and accuracy comes back."""

from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import ConfigError, DtMismatchError
from hetsyn_sim.ladder import RUNGS, Rung, Setting, fine_tune
from hetsyn_sim.ladder.finetune import on_finer_grid_of
from hetsyn_sim.ladder.run import setting_on
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Recipe, fit

from ..conftest import make_toy_data
from ..refusal import refused

RUNG = {rung.name: rung for rung in RUNGS}
HERE = Rung(9, "here", "", "", "", (1.0,), lambda setting, _, __: setting, refined=False)


@pytest.fixture(scope="module")
def toy_data():
    return make_toy_data(60)


@pytest.fixture(scope="module")
def trained(toy_data):
    told = {"epochs": 25, "batch_size": 3, "validation": "none", "num_threads": 1, "dropout": 0.0, "augmentation": {"time_shift": 2}}
    recipe = Recipe.from_dict({"name": "toy", "network": {"hidden": [12]}, "training": told}, where="test")
    return fit(recipe, toy_data, progress=False).checkpoint


def without_weights(share):
    """A rung that loses part of the readout's weights: nothing that training could not bring back."""

    def apply(setting, strength, rng):
        key = "readout.feedforward.w"
        lost = rng.random(setting.values[key].shape) < share
        return replace(setting, values={**setting.values, key: np.where(lost, 0.0, setting.values[key])})

    return replace(HERE, name="lesion", apply=apply)


def test_accuracy_comes_back(trained, toy_data):
    done = fine_tune(trained, toy_data, without_weights(0.9), 1.0, epochs=15, lr_factor=1.0)
    assert done.before < done.trained > 0.6
    assert done.after > done.before


def test_the_accuracies_are_those_of_brian2(trained, toy_data):
    """Against runs of one's own: a network on its own grid, and the fine-tuned one on a finer grid."""
    done = fine_tune(trained, toy_data, RUNG["refined dt"], 2, epochs=1)
    assert done.trained == accuracy(trained, toy_data, 1)
    assert done.after == accuracy(done.checkpoint, toy_data, 2)
    assert done.checkpoint.spec.dt_s == pytest.approx(0.005)


def accuracy(checkpoint, data, factor):
    raster = on_finer_grid_of(data.test, factor).rasters()
    v = BrianSimulation(checkpoint.spec, checkpoint.values).run(raster).traces["readout.v"][::factor]
    share = np.exp(v) / np.exp(v).sum(axis=2, keepdims=True)
    return np.mean(share.sum(axis=0).argmax(axis=1) == data.test.labels)


def test_it_begins_with_the_trained_network(trained, toy_data, tmp_path):
    done = fine_tune(trained, toy_data, RUNG["membrane capacitance"], 20.0, epochs=1, out=tmp_path)
    initial = Checkpoint.load(tmp_path / "initial.safetensors")
    np.testing.assert_allclose(initial.values["layer_1.recurrent.tau_syn"], trained.values["layer_1.recurrent.tau_syn"], rtol=1e-6)
    assert initial.values["layer_1.neuron.tau_mem"] == pytest.approx(0.02)
    assert initial.spec.dt_s == pytest.approx(0.001)
    assert "dM/dt = -M/tau_mem" in done.checkpoint.spec.layers[0].model.neuron
    recipe = done.checkpoint.recipe["training"]
    assert recipe["augmentation"]["time_shift"] == 20  # two of the trained network's steps
    assert recipe["optimiser"]["lr"] == pytest.approx(0.3 * trained.recipe["training"]["optimiser"]["lr"])
    assert recipe["epochs"] == 1
    with pytest.raises(ConfigError, match=r"(?s)this folder holds another training.*start"):  # another start is another run
        fine_tune(trained, toy_data, RUNG["membrane capacitance"], 10.0, epochs=1, out=tmp_path)


def test_noise_is_in_the_training_and_in_both_accuracies(trained, toy_data):
    quiet = fine_tune(trained, toy_data, HERE, 1.0, epochs=1)
    loud = fine_tune(trained, toy_data, HERE, 1.0, noise=3.0, epochs=1)
    assert quiet.before == quiet.trained == loud.trained
    assert loud.before < quiet.before
    assert loud.checkpoint.recipe["training"]["noise"] == pytest.approx(3.0)
    assert not np.array_equal(loud.checkpoint.values["layer_1.recurrent.w"], quiet.checkpoint.values["layer_1.recurrent.w"])
    again = fine_tune(trained, toy_data, HERE, 1.0, noise=3.0, epochs=1)
    assert again.checkpoint.to_bytes() == loud.checkpoint.to_bytes()
    assert (again.before, again.after) == (loud.before, loud.after)


def test_noise_is_counted_in_thresholds(trained, toy_data):
    large = {key: 8.0 * value if key.rsplit(".", 1)[1] in ("w", "theta") else value for key, value in trained.values.items()}
    done = fine_tune(replace(trained, values=large), toy_data, HERE, 1.0, noise=0.5, epochs=1)
    assert done.checkpoint.recipe["training"]["noise"] == pytest.approx(4.0)


@pytest.mark.compiled
@pytest.mark.parametrize(("name", "strength"), [("axonal delays", 2.0), ("refractoriness", 2.0), ("conductances", 70.0), ("climb", 1.0)])
def test_what_a_rung_writes_into_the_equations_is_trained_on(trained, toy_data, name, strength):
    """The rung's network is the start; its delays, periods and reversal potentials stay, weights move, conductances not below 0."""
    done = fine_tune(trained, toy_data, RUNG[name], strength, epochs=1)
    start = Setting(trained.spec, trained.values, toy_data.test.rasters())
    before, after = setting_on(start, RUNG[name], strength, 0).values, done.checkpoint.values
    moved = {key for key in before if not np.allclose(before[key], after[key], rtol=1e-6, atol=0)}
    size = "g_max" if name == "conductances" else "w"
    assert {f"layer_1.feedforward.{size}", f"layer_1.recurrent.{size}", "readout.feedforward.w"} <= moved
    assert {key.rsplit(".", 1)[1] for key in moved} <= {size, "w", "tau_syn"}
    if name == "conductances":
        assert (after["layer_1.recurrent.g_max"] >= 0.0).all()


def test_noise_that_the_trainer_does_not_have_is_refused(trained, toy_data):
    with refused(ConfigError, "this rung can't be trained on", "noise"):
        fine_tune(trained, toy_data, RUNG["noise"], 0.1)


def test_recordings_that_do_not_fit(trained, toy_data):
    with pytest.raises(DtMismatchError):
        fine_tune(trained, replace(toy_data, dt=0.004), HERE, 1.0)


def test_everything_that_counts_steps_is_on_the_finer_grid(toy_data):
    spec = NetworkSpec("10 ms", 6, [Layer(HetSynLIF, 4)], Layer(LeakyReadout, 3))
    told = {"window": 10, "loss": {"name": "sum_of_softmax", "burn_in": 2}, "batch_size": 3, "validation": "none", "num_threads": 1}
    checkpoint = Checkpoint(spec, spec.initial_values(0), recipe={"training": told})
    done = fine_tune(checkpoint, toy_data, RUNG["refined dt"], 5, epochs=1)
    recipe = done.checkpoint.recipe["training"]
    assert (recipe["window"], recipe["loss"]["burn_in"]) == (50, 10)
    finer = on_finer_grid_of(toy_data, 5)
    np.testing.assert_array_equal(finer.rasters()[::5], toy_data.rasters())
    assert finer.rasters().sum() == toy_data.rasters().sum()

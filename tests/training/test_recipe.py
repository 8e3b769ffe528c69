import re
from pathlib import Path

import pytest

import hetsyn_sim
from hetsyn_sim.errors import ConfigError, UnknownNameError
from hetsyn_sim.models import HetSynLIF
from hetsyn_sim.spec import Uniform
from hetsyn_sim.training import (
    ArcTan,
    LastStep,
    MultiGaussian,
    Recipe,
    Slayer,
    SumOfSoftmax,
    Training,
    load_recipe,
    shipped_recipes,
)

from ..refusal import refused


def test_yaml_comes_back_as_it_was(tmp_path):
    recipe = Recipe.from_dict(
        {
            "name": "all",
            "network": {"hidden": [8, 4], "parameters": {"HetSynLIF": {"tau_syn": {"initial": "uniform(5 ms, 9 ms)", "axes": "post"}}}},
            "training": {
                "loss": {"name": "sum_of_softmax", "burn_in": 3},
                "surrogate": {"name": "slayer", "alpha": 4.0},
                "schedule": {"name": "step_decay", "every": 10, "factor": 0.5},
                "rate_regulariser": {"target_hz": 5.0},
            },
        }
    )
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.to_yaml())
    assert Recipe.from_yaml(path) == recipe
    assert recipe.training.loss.make() == SumOfSoftmax(burn_in=3)
    assert recipe.training.surrogate.make() == Slayer(alpha=4.0)
    assert recipe.training.schedule.make(100, 20)(10) == 0.5


def test_the_spec_of_a_recipe():
    facts = {"tau_syn": {"initial": "uniform(5 ms, 10 ms)", "bounds": ["2 ms", "50 ms"]}, "tau_reset": {"initial": "30 ms"}}
    recipe = Recipe.from_dict({"network": {"hidden": [8, 4], "self_connections": False, "parameters": {"HetSynLIF": facts}}})
    spec = recipe.spec(0.008, 70, 10)
    assert spec.dt_s == 0.008
    assert [p.size for p in spec.populations] == [8, 4, 10]
    assert all(layer.recurrent and not layer.self_connections for layer in spec.layers)
    assert spec.layers[0].model.parameters["tau_syn"].distribution == Uniform(0.005, 0.01)
    assert spec.layers[0].model.parameters["tau_syn"].si_bounds == (0.002, 0.05)
    assert spec.layers[0].model.parameters["w"] == HetSynLIF.parameters["w"]


def test_a_network_without_readout():
    recipe = Recipe.from_dict({"network": {"hidden": [8, 3], "readout": None}})
    assert recipe.spec(0.01, 5, 3).readout is None
    with refused(ConfigError, "the last layer must have one neuron per class", None, "3 neurons", "4"):
        recipe.spec(0.01, 5, 4)


def test_changed():
    recipe = load_recipe("fsdd-demo").changed(epochs=1, seed=7)
    assert (recipe.training.epochs, recipe.training.seed) == (1, 7)
    assert recipe.network == load_recipe("fsdd-demo").network
    with refused(ConfigError, "a setting is wrong", "fsdd-demo: training.epochs"):
        recipe.changed(epochs=0)


def test_every_shipped_recipe_is_called_as_its_file():
    files = Path(hetsyn_sim.__file__).parent.glob("training/recipes/*.yaml")
    assert shipped_recipes() == sorted(file.stem for file in files)
    for name in shipped_recipes():
        recipe = load_recipe(name)
        assert recipe.name == name
        assert recipe.spec(0.01, 70, 10).populations[-1].size == 10


def test_the_three_contenders_have_equal_terms():
    """But for the neuron and the learning rate: the same tuning chose each its own, and the documented table says which."""
    table = (Path(__file__).parents[2] / "docs" / "_generated" / "digits.md").read_text()
    recipes = [load_recipe(f"fsdd-{name}").to_dict() for name in ("hetsyn", "hetneu", "homneu")]
    for recipe in recipes:
        neuron, rate = recipe["network"]["model"], recipe["training"]["optimiser"].pop("lr")
        assert f"| `{recipe.pop('name')}` | {neuron} | {rate:g} |" in table
        for part in ("model", "readout", "parameters"):
            del recipe["network"][part]
    assert recipes[0] == recipes[1] == recipes[2]


def test_a_recipe_by_path_and_none_by_a_wrong_name(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("training: {epochs: 2, optimiser: {lr: 2e-3}}")  # YAML reads 2e-3 as text
    assert load_recipe(path).training.optimiser.lr == 2e-3
    path.write_text("")  # the defaults, with the paper's surrogate
    assert load_recipe(path) == Recipe()
    assert Recipe().training.surrogate.make() == MultiGaussian()
    with refused(UnknownNameError, "(?s)unknown recipe.*fsdd-hetsyn"):
        load_recipe("fsdd-hetsin")


def test_a_file_that_can_not_be_read(tmp_path):
    (tmp_path / "broken.yaml").write_text("training: [")
    for path in (tmp_path / "broken.yaml", tmp_path / "missing.yaml"):
        with refused(ConfigError, "this recipe can't be read", str(path)):
            Recipe.from_yaml(path)


WRONG, HETSYN = "a setting is wrong", "network.parameters.HetSynLIF"


@pytest.mark.parametrize(
    ("text", "what", "place", "got", "expected"),
    [
        ("trainig: {}", "unknown setting", "trainig", "'trainig'", "name, data, binning, task, network, training"),
        ("training: {epoch: 3}", "unknown setting", "training.epoch", "'epoch'", "loss, surrogate"),
        ("training: {schedule: {name: constant, warmup: 1}}", "unknown setting", "training.schedule.warmup", "'warmup'", "name"),
        ("training: {schedule: {name: linear}}", WRONG, "training.schedule", "section", "'warmup_cosine'"),
        ("training: {epochs: 0}", WRONG, "training.epochs", "0", "greater than 0"),
        ("training: {optimiser: {lr: .nan}}", WRONG, "training.optimiser.lr", "nan", "a finite number"),
        ("training: {loss: {name: hinge}}", "unknown loss", "training.loss", "'hinge'", "last_step"),
        ("training: {surrogate: {name: slayer, c: x}}", WRONG, "training.surrogate.c", "'x'", "a valid number"),
        ("training: {validation: none, patience: 2}", "no validation recordings", "training.validation", "patience", "validation: split"),
        ("training: {validation: none, keep: best}", "no validation recordings", "training.validation", "keep: best", "validation: split"),
        ("network: {model: HetSyn}", "unknown model", "network", "'HetSyn'", "HetSynLIF"),
        ("network: {parameters: {HomNeuLIF: {}}}", "a model that this network does not", "network.parameters", "HomNeuLIF", "HetSynLIF"),
        ("network: {parameters: {HetSynLIF: {tau: {}}}}", "unknown parameter", f"{HETSYN}.tau", "tau", "tau_syn"),
        ("network: {parameters: {HetSynLIF: {tau_syn: {initial: 5 mV}}}}", "unit is of the wrong", f"{HETSYN}.tau_syn", "mV", "second"),
        ("[1, 2]", WRONG, "", "[1, 2]", "dictionary"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_place(tmp_path, text, what, place, got, expected):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    where = re.escape(f"{path}: {place}" if place else str(path))
    with refused(ConfigError, f"(?s){what}.*{where}", None, got, expected):
        Recipe.from_yaml(path)


def test_several_mistakes_are_all_named(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("training: {epochs: 0, batch_size: -1, colour: red}")
    with refused(ConfigError, WRONG, remedy="correct it; also wrong: training.batch_size, training.colour"):
        Recipe.from_yaml(path)


def test_settings_by_their_place():
    recipe = load_recipe("fsdd-demo")
    changed = recipe.with_settings(
        {
            "training.schedule.every": 50,
            "training.schedule.name": "step_decay",  # its other settings are no longer those of the former one
            "training.loss.name": "last_step",
            "training.optimizer.name": "sgd",  # and lr is as it was
            "training.optimizer.settings.momentum": 0.9,
            "network.parameters.HetSynLIF.tau_syn.initial": "30 ms",
        }
    )
    assert changed.training.schedule.model_dump() == {"name": "step_decay", "every": 50, "factor": 0.8}
    assert changed.training.loss.make() == LastStep()
    assert (changed.training.optimiser.lr, changed.training.optimiser.settings) == (recipe.training.optimiser.lr, {"momentum": 0.9})
    assert changed.network.parameters["HetSynLIF"]["tau_syn"].initial == "30 ms"
    assert changed.with_settings({"training.optimiser.name": "adam"}).training.optimiser.settings == {}
    assert recipe.with_settings({}) == recipe
    assert recipe.with_settings({"training.schedule.name": "warmup_cosine"}).training.schedule == recipe.training.schedule
    with refused(ConfigError, "unknown setting", "--set: training.optimisr", remedy="did you mean 'optimiser'"):
        recipe.with_settings({"training.optimisr.lr": 0.1}, where="--set")


def test_an_optimiser_by_either_spelling_and_names_in_short():
    short = Training(optimizer="sgd", schedule="constant", loss="last_step", surrogate=ArcTan(3.0))
    full = {"optimiser": {"name": "sgd"}, "schedule": {"name": "constant"}, "loss": {"name": "last_step"}}
    assert short == Training(**full, surrogate={"name": "arctan", "alpha": 3.0})
    assert Recipe().changed(optimizer="sgd").training.optimiser.name == "sgd"
    with refused(ConfigError, "described twice", "unnamed: training.optimizer"):
        Recipe().changed(optimizer="sgd", optimiser="adam")

import pytest

from hetsyn_sim.errors import ConfigError
from hetsyn_sim.training.sweep_plan import SweepPlan

from ..refusal import refused


def read(path):
    plan = SweepPlan.from_yaml(path)
    plan.check()
    plan.combinations()


def test_combinations_in_order(write_plan):
    plan = SweepPlan.from_yaml(write_plan(vary={"network.hidden": [[4], [8, 8]], "training.dropout": [0.0, 0.1]}))
    assert [tuple(map(str, c.values())) for c in plan.combinations()] == [
        ("[4]", "0.0"), ("[4]", "0.1"), ("[8, 8]", "0.0"), ("[8, 8]", "0.1"),
    ]  # fmt: skip


def test_settings_go_through_the_recipe(write_plan):
    recipe = SweepPlan.from_yaml(write_plan(fixed={"training.rate_regulariser.target_hz": 5.0})).base()
    assert recipe.training.rate_regulariser.target_hz == 5.0  # a section that the recipe does not have
    assert recipe.with_settings({"network.hidden": [3]}).network.hidden == [3]
    assert recipe.network.hidden == [5]


@pytest.mark.parametrize(
    ("sections", "what", "where"),
    [
        ({"vary": {}}, "a setting is wrong", "vary"),
        ({"colour": 1}, "unknown setting", "colour"),
        ({"vary": {"training.optimisor.lr": [0.1]}}, "unknown setting", "training.optimisor"),  # the error of the recipe
        ({"vary": {"training.dropout": [0.1, 1.5]}}, "a setting is wrong", "training.dropout"),  # before any training
        ({"vary": {"training.dropout": {"low": 0.1, "high": 1.5}}}, "a setting is wrong", "training.dropout"),
        ({"metric": "test_accuracy"}, "a setting is wrong", "metric"),
        ({"vary": {"training.dropout": {"low": 0.5, "high": 0.1}}}, "a setting is wrong", "vary"),
        ({"vary": {"training.dropout": {"low": 0.0, "high": 0.1, "log": True}}}, "a setting is wrong", "vary"),
        ({"vary": {"training.dropout": {"low": 0.1, "high": 0.2}}}, "a range has no list of values", "training.dropout"),
        ({"vary": {"training.seed": [0, 1]}}, "this is no setting to vary", "training.seed"),
        ({"fixed": {"training.validation": "test"}}, "unknown way to hold out recordings", "training.validation"),
        ({"fixed": {"training.validation": "none"}}, "unknown way to hold out recordings", "training.validation"),
        ({"vary": {"training.validation": ["split", "test"]}}, "this is no setting to vary", "training.validation"),
    ],
)
def test_what_is_refused(write_plan, sections, what, where):
    with refused(ConfigError, f"(?s){what}.*{where}"):
        read(write_plan(**sections))


@pytest.mark.parametrize("text", ["a: [", "", "- 1", "recipe: 3\nvary: {x: [1]}", None])
def test_files_that_are_no_plan(tmp_path, text):
    if text is not None:
        (tmp_path / "plan.yaml").write_text(text)
    with refused(ConfigError, "plan.yaml"):
        read(tmp_path / "plan.yaml")

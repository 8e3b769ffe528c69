"""Tasks that recipes name: drawn as asked for, and what is wrong with a section."""

import pytest

from analysis.studies.hetsyn import dms, patterns
from hetsyn_sim.errors import ConfigError, UnknownNameError
from hetsyn_sim.tasks import delayed_match_to_sample, pattern_generation
from hetsyn_sim.tasks.drawn import draw
from hetsyn_sim.training import load_recipe


def test_the_section_is_the_call():
    trials = draw({"name": "delayed_match_to_sample", "n_train": 5, "n_test": 2, "delay": 0.4}, 3)
    assert trials.fingerprint() == delayed_match_to_sample(5, 2, seed=3, delay=0.4).fingerprint()
    task = draw({"name": "pattern_generation", "n_train": 2, "targets": 2}, 4)
    assert (task.traces == pattern_generation(2, seed=4, targets=2).traces).all()


def test_the_recipes_that_ship_are_those_of_the_studies():
    for name, study, case in (
        ("dms-hetsyn", dms, {"model": "HetSynLIF", "tau_ms": 100.0}),
        ("patterns-hetsyn", patterns, {"model": "HetSynLIF", "noise_hz": 2.0, "lr": 1e-3}),
    ):
        shipped, theirs = load_recipe(name), study.recipe_for(case, 0)
        assert shipped.network == theirs.network
        assert shipped.training == theirs.training.model_copy(update={"num_threads": None})
        draw({**shipped.task, "n_train": 2, "n_test": 1}, 0)


@pytest.mark.parametrize(
    ("task", "error", "message"),
    [
        ({"name": "chess"}, UnknownNameError, "unknown task"),
        ({"n_train": 3}, UnknownNameError, "unknown task"),
        ({"name": "pattern_generation", "n_train": 3, "delay": 1.0}, UnknownNameError, "unknown setting of a task"),
        ({"name": "pattern_generation", "n_train": 3, "seed": 1}, UnknownNameError, "unknown setting of a task"),
        ({"name": "pattern_generation"}, ConfigError, "missing or of the wrong type"),
        ({"name": "delayed_match_to_sample", "n_train": "many"}, ConfigError, "missing or of the wrong type"),
        ({"name": "delayed_match_to_sample", "n_train": 0}, ConfigError, "can't be drawn"),
    ],
)
def test_sections_that_make_no_sense(task, error, message):
    with pytest.raises(error, match=message):
        draw(task, 0)

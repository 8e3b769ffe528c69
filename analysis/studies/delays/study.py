"""Time constants and delays learned one by one and together, judged by speakers who were heard neither in training nor in tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from hetsyn_sim.errors import one_of
from hetsyn_sim.tasks.spoken_digits import N_STEPS, spoken_digits
from hetsyn_sim.training import Recipe, evaluate, fit, load_recipe

from ..brian_check import in_brian2
from ..hetsyn.digits import NAMES, without_speaker
from ..study import Case, Row, Study
from .figure import draw
from .tables import lines, tuning_lines

#: What each variant learns. ``drawn``: the delays that ``w + delay`` starts from, not learned, with its learning rates; what is left of the
#: difference is what learning delays adds.
VARIANTS: Mapping[str, frozenset[str]] = {
    "w": frozenset(),
    "w + tau": frozenset({"tau"}),
    "w + delay": frozenset({"delay"}),
    "w + tau + delay": frozenset({"tau", "delay"}),
    "w, delays drawn": frozenset({"drawn"}),
}
#: Those that tuning is for, and the others.
TUNED = tuple(variant for variant, learned in VARIANTS.items() if "drawn" not in learned)
CONTROLS = tuple(variant for variant in VARIANTS if variant not in TUNED)
#: The longest delay: a word takes 0.4 s. Set beforehand, and looked at with no other value.
LONGEST = "200 ms"
#: What :data:`TUNING` tries, the same for every variant.
RATES = (5e-3, 1e-2, 2e-2)
#: The same in tuning and afterwards.
EPOCHS = 6
#: Variant -> held-out speaker -> the learning rate that tuning on the five others chose.
LEARNING_RATES: Mapping[str, Mapping[str, float]] = {
    "w": {"george": 0.01, "jackson": 0.02, "lucas": 0.02, "nicolas": 0.02, "theo": 0.01, "yweweler": 0.02},
    "w + tau": {"george": 0.02, "jackson": 0.02, "lucas": 0.01, "nicolas": 0.02, "theo": 0.005, "yweweler": 0.02},
    "w + delay": {"george": 0.02, "jackson": 0.02, "lucas": 0.005, "nicolas": 0.01, "theo": 0.01, "yweweler": 0.02},
    "w + tau + delay": {"george": 0.02, "jackson": 0.01, "lucas": 0.02, "nicolas": 0.01, "theo": 0.01, "yweweler": 0.01},
}


def recipe_for(variant: str, lr: float, seed: int, **training: object) -> Recipe:
    """The training of ``fsdd-hetsyn`` without recurrence; the variants differ in what is learned, and in nothing else.

    Parameters
    ----------
    variant
        Of :data:`VARIANTS`. Time constants that are not learned are 40 ms, in the middle of what learned ones start from; synapses without
        a delay deliver at once, and the readout's always do.
    lr
        Learning rate of weights and delays; time constants have the recipe's multiple of it.
    """
    learned = one_of(variant, VARIANTS, "variant", where="analysis.studies.delays")
    tau = {"initial": "uniform(20 ms, 80 ms)"} if "tau" in learned else {"initial": "40 ms", "trainable": False}
    delay = {"bounds": ["0 ms", LONGEST], "initial": f"uniform(0 ms, {LONGEST})", "trainable": "delay" in learned}
    hidden = {"tau_syn": tau, "tau_reset": {"initial": "40 ms"}} | ({"delay": delay} if learned & {"delay", "drawn"} else {})
    network = {
        "model": "HetSynLIF",
        "hidden": [128],
        "recurrent": False,
        "readout": "LeakyReadout",
        "parameters": {"HetSynLIF": hidden, "LeakyReadout": {"tau_syn": tau}},
    }
    shipped = load_recipe("fsdd-hetsyn").to_dict()["training"]
    shipped["optimiser"]["lr"] = lr
    plain = {"name": f"delays-{variant}", "network": network, "training": {**shipped, "validation": "none", "num_threads": 1, "seed": seed}}
    return Recipe.from_dict(plain, where="delays").changed(**training)


def run(case: Case, seed: int, source: Path | None = None, *, epochs: int = EPOCHS) -> Row:
    """Train on five speakers, with the learning rate that they chose among themselves; test on the sixth, with delays of whole steps."""
    variant, name = str(case["variant"]), str(case["held_out"])
    data, lr = without_speaker(spoken_digits(), name), LEARNING_RATES[variant if variant in TUNED else "w + delay"][name]
    recipe = recipe_for(variant, lr, seed, epochs=epochs)
    result = fit(recipe, data, progress=False)
    effect = result.effect_of_rounding(data.test)
    return {
        "accuracy": effect.accuracy,
        "accuracy_between": effect.accuracy_between,
        "learning_rate": lr,
        **in_brian2(result.checkpoint, data.test, N_STEPS),
    }


def tune(case: Case, seed: int, source: Path | None = None, *, epochs: int = EPOCHS) -> Row:
    """Train on four speakers, and judge by the other two one by one.

    Accuracy on one of them is a validation for the fold in which the other one is the test, so that each pair is trained for once.
    """
    without = [str(name) for name in case["without"]]
    data = spoken_digits()
    data = replace(data, split=np.where(np.isin(data.speakers, without), "test", "train"))
    recipe = recipe_for(str(case["variant"]), float(case["lr"]), seed, epochs=epochs)
    result = fit(recipe, data, progress=False)
    loss = recipe.training.loss.make()
    return {
        "accuracy": {
            name: evaluate(result.network, data.test[data.test.speakers == name], loss, window=N_STEPS).accuracy for name in without
        }
    }


#: Every speaker with the next one: two of the five others validate for each.
PAIRS = [(name, NAMES[(k + 1) % len(NAMES)]) for k, name in enumerate(NAMES)]
DELAYS = Study(
    "delay-speakers",
    f"spoken digits (FSDD) by a speaker who was never heard: 70-128-10, {EPOCHS} epochs on five speakers, tested on the sixth",
    [{"variant": variant, "held_out": name} for some in (TUNED, CONTROLS) for name in NAMES for variant in some],
    run,
    lines,
    seeds=3,
    draw=draw,
)
TUNING = Study(
    "delay-tuning",
    f"learning rates, by the speakers of the training split: {EPOCHS} epochs on four of them, judged by a fifth",
    [{"variant": variant, "lr": lr, "without": list(pair)} for pair in PAIRS for lr in RATES for variant in TUNED],
    tune,
    tuning_lines,
    seeds=1,
)

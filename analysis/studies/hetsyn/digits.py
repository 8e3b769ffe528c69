"""Spoken digits: four neurons on the official split with robustness and cost, and on speakers that were never heard."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.tasks.spoken_digits import N_STEPS, spoken_digits
from hetsyn_sim.training import Recipe, evaluate, fit, load_recipe

from ..brian_check import in_brian2
from ..study import Case, Row, Study
from .digits_tables import lines_of_digits, lines_of_speakers
from .figures import draw_digits, draw_speakers
from .neurons import NEURONS, network_of
from .robustness import measure_robustness

#: The six speakers of the Free Spoken Digit Dataset.
NAMES = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")


def recipe_for(case: Case, seed: int, **training: object) -> Recipe:
    """The training of ``fsdd-hetsyn`` for any of the four neurons; the tuning of docs/digits.md chose the same settings for each."""
    shipped = load_recipe("fsdd-hetsyn").to_dict()
    network = network_of(
        str(case["model"]),
        hidden=[128],
        recurrent=bool(case.get("recurrent", False)),
        learned="uniform(20 ms, 80 ms)",
        fixed="40 ms",
        tau_reset="40 ms",
        tau_adapt="200 ms",
        a=0.05,
    )
    plain = {"name": f"digits-{case['model']}", "network": network, "training": {**shipped["training"], "num_threads": 1, "seed": seed}}
    return Recipe.from_dict(plain, where="digits").changed(**training)


def run_official(case: Case, seed: int, source: Path | None = None, *, epochs: int | None = None) -> Row:
    """Train on the official split, its validation part held out; test once, then again on recordings that are disturbed."""
    data = spoken_digits()
    recipe = recipe_for(case, seed, **({} if epochs is None else {"epochs": epochs}))
    result = fit(recipe, data, progress=False)
    loss = recipe.training.loss.make()
    measured = measure_robustness(result.network, data.test, loss, window=N_STEPS, seed=seed)
    # nothing lost, nothing added, time as it is: the first of the deletions is the test itself
    return {"accuracy": measured.deletion[0], **asdict(measured), **in_brian2(result.checkpoint, data.test, N_STEPS)}


def run_speaker(case: Case, seed: int, source: Path | None = None, *, epochs: int | None = None) -> Row:
    """Train on five speakers, test on the sixth. Nothing is chosen, so nothing is held out for validation."""
    data = without_speaker(spoken_digits(), str(case["held_out"]))
    recipe = recipe_for(case, seed, validation="none", **({} if epochs is None else {"epochs": epochs}))
    result = fit(recipe, data, progress=False)
    evaluation = evaluate(result.network, data.test, recipe.training.loss.make(), window=N_STEPS)
    return {"accuracy": evaluation.accuracy, **in_brian2(result.checkpoint, data.test, N_STEPS)}


def without_speaker(data: SpikeDataset, name: str) -> SpikeDataset:
    """All recordings, split by who speaks: ``name`` is for testing."""
    return replace(data, split=np.where(data.speakers == name, "test", "train"))


DIGITS = Study(
    "digits",
    "spoken digits (FSDD), official split: 70-128-10, 20 epochs; 300 test recordings, also with spikes lost or added and time warped",
    [{"model": model, "recurrent": True} for model in NEURONS] + [{"model": model} for model in NEURONS],
    run_official,
    lines_of_digits,
    draw=draw_digits,
)
SPEAKERS = Study(
    "speakers",
    "spoken digits (FSDD) by a speaker who was never heard: 70-128r-10, 20 epochs on five speakers, tested on the sixth",
    [{"model": model, "recurrent": True, "held_out": name} for name in NAMES for model in NEURONS],
    run_speaker,
    lines_of_speakers,
    seeds=3,
    draw=draw_speakers,
)

"""Tables and figures of the studies, from rows that are made up: whatever has been run is shown, and nothing else."""

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from analysis.studies.hetsyn import STUDIES
from analysis.studies.hetsyn.robustness import DELETIONS, NOISES_HZ
from hetsyn_sim.report.document import png_of


def seeds(case, values, key="accuracy", **facts):
    """A row for each value, with seeds from 0."""
    return [{"case": case, "seed": seed, key: value, **facts} for seed, value in enumerate(values)]


def of_dms():
    def made(case, values, **more):
        return [r | {"curve": [0.5, 0.9, *[r["accuracy"]] * 2]} for r in seeds(case, values, spikes=200.0, **more)]

    facts = {"cue_mean_ms": 150.0, "cue_median_ms": 100.0, "noise_mean_ms": 90.0, "noise_median_ms": 81.0}
    facts |= {"long": 0.05, "accuracy_without_long": 0.75, "accuracy_without_control": 0.98}
    yield from made({"model": "HetSynLIF", "tau_ms": 100.0}, (0.99, 0.99), **facts)
    yield from made({"model": "HetSynLIF", "tau_ms": 40.0, "recurrent": True}, (0.96, 0.98))
    yield from made({"model": "HomNeuLIF", "tau_ms": 40.0, "recurrent": True}, (0.6, 0.62))
    yield from made({"model": "HetSynLIF", "tau_ms": 40.0, "hidden": 5}, (0.99, 0.7))


def of_patterns():
    measured = {"distance_21": 0.5, "distance_32": 0.25, "gap_power": 0.125, "spikes": 1000.0, "curve": [0.2]}
    for model, mse in (("HetSynLIF", 0.07), ("HomNeuLIF", 0.15)):
        yield from seeds({"model": model, "noise_hz": 2.0, "lr": 1e-3}, (mse, mse + 0.02), "mse", **measured)


def of_digits():
    for model, values in (("HetSynLIF", (0.98, 0.99)), ("HomNeuLIF", (0.95, 0.96))):
        cost = {"parameters": 53248, "spikes": 100.0, "synaptic_operations": 2e4, "state_updates": 3}
        for row in seeds({"model": model, "recurrent": True}, values, **cost):
            x = row["accuracy"]
            yield row | {"deletion": [x] * len(DELETIONS), "noise": [x] * len(NOISES_HZ), "warp": [[-0.4, 0.5], [0.3, x]]}


def of_speakers():
    accuracies = {"HetSynLIF": {"george": (0.9, 0.92), "theo": (0.8, 0.8)}, "HomNeuLIF": {"george": (0.8, 0.84), "theo": (0.76, 0.78)}}
    for model, folds in accuracies.items():
        for name, values in folds.items():
            yield from seeds({"model": model, "recurrent": True, "held_out": name}, values)


def of_smnist():
    measured = {"validation_accuracy": 0.9, "train_accuracy": 0.95, "spikes": 1000.0, "training_s": 60.0, "n_train": 10000, "n_test": 10000}
    for model, accuracy in (("HetSynLIF", 0.92), ("HetNeuLIF", 0.9)):
        yield from seeds({"model": model, "scan": "row"}, (accuracy, accuracy + 0.01), **measured)
    yield from seeds({"model": "HetSynLIF", "scan": "pixel", "copies": 6}, (0.95,), **measured)


GAPS = 100 * np.array([0.1, 0.08, 0.04, 0.02])  # of the two neurons, over speakers and seeds
HALF = 3.182446 * GAPS.std(ddof=1) / 2
TABLES = {
    of_dms: (
        "| here, 2 seeds | 150.0 ± 0.0 (median 100.0 ± 0.0) | 90.0 ± 0.0 (median 81.0 ± 0.0) | 5.00 ± 0.00 % |",
        "| 75.00 ± 0.00 % | 98.00 ± 0.00 % |",
        "| 100 ms | paper | 154.4 | 85.6 | 5.25 % | 99.97 % | 75.68 % |",
        "| HetSynLIF | recurrent | 97.00 ± 12.71 % |  | 60 | 200 ± 0 |",
        "| HomNeuLIF | recurrent | 61.00 ± 12.71 % | 36.00 ± 0.00 | never | 200 ± 0 |",
        "| 5 neurons | 2 | 84.50 ± 184.24 % | 1 | never |",
    ),
    of_patterns: (
        "| HetSynLIF | – | 0.0800 ± 0.1271 | – | – |",
        "| HomNeuLIF | feed-forward | 2 | 0.1600 ± 0.1271 | 0.0800 ± 0.0000 | 0.50 ± 0.00 | 0.25 ± 0.00 | 0.12 ± 0.00 | 1000 ± 0 |",
    ),
    of_digits: (
        "| HomNeuLIF | recurrent | 2 | 95.50 ± 6.35 % | 3.00 ± 0.00 | 53,248 | 100 | 20,000 | 3 |",
        "| HomNeuLIF | 50.0 ± 0.0 | – | – | 95.5 ± 6.4 |",
    ),
    of_speakers: (f"| HomNeuLIF | 82.0 ± 25.4 | 77.0 ± 12.7 | 79.5 ± 31.8 | 6.00 ± {HALF:.2f} | 6.00 ± {12.7062 * 3:.2f} |",),
    of_smnist: (
        "| pixel, images and 6 distorted copies of each | HetSynLIF | 1 | 95.00 % |  | 90.00 % | 95.00 % | 1,000 | 60 |",
        "| row | HetNeuLIF | 2 | 90.50 ± 6.35 % | 2.00 ± 0.00 | 90.00 ± 0.00 % | 95.00 ± 0.00 % | 1,000 | 60 |",
        "10,000 training and 10,000 test images; 4 grey levels by row, 16 grey levels by pixel.",
    ),
}


@pytest.mark.parametrize("rows", TABLES)
def test_the_table_says_what_the_rows_say(rows):
    text = "\n".join(STUDIES[rows.__name__.removeprefix("of_")].lines(list(rows())))
    assert [line for line in TABLES[rows] if line not in text] == []
    assert "feed-forward, spikes" not in text


def made_up(case, seed):
    rng = np.random.default_rng(seed)
    warp = sorted([float(x), 0.9] for x in rng.uniform(-0.5, 0.5, 20))
    grids = {"deletion": list(rng.random(len(DELETIONS))), "noise": list(rng.random(len(NOISES_HZ))), "warp": warp}
    return {"case": case, "seed": seed, "accuracy": rng.random(), "curve": list(rng.random(50)), **grids}


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("n_cases", [1, 100])
def test_a_figure_shows_what_there_is(name, n_cases):
    study = STUDIES[name]
    rows = [made_up(case, seed) for case in study.cases[:n_cases] for seed in range(2)]
    with Image.open(BytesIO(png_of(study.draw(rows)))) as image:
        assert image.size[1] == 494
        assert len(set(image.convert("L").getdata())) > 10


def test_cases_are_plain_data_and_no_case_is_there_twice():
    for study in STUDIES.values():
        assert json.loads(json.dumps(study.cases)) == list(study.cases)
        assert len({json.dumps(case, sort_keys=True) for case in study.cases}) == len(study.cases)
        assert list(study.lines([]))  # a table without rows is a table

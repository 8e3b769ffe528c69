"""Grids and searches: every run is an ordinary one, finished ones are kept, and a kill loses nothing."""

import csv
import io
import json
import signal
import sys
import textwrap

import numpy as np
import pytest

from hetsyn_sim.errors import ConfigError
from hetsyn_sim.report.plots import plot_sweep
from hetsyn_sim.training import fit, load_recipe
from hetsyn_sim.training.sweep import Run, SweepResult, sweep
from hetsyn_sim.training.sweep_plan import SweepPlan

from ..refusal import refused

SEARCH = {"vary": {"training.optimiser.lr": {"low": 1e-3, "high": 0.1, "log": True}, "network.hidden": [[3], [5]]}}


def checkpoint(out, run):
    return (out / run.folder / "checkpoint.safetensors").read_bytes()


def test_a_grid_is_trained_once(write_plan, recordings, data, tmp_path):
    plan, out = SweepPlan.from_yaml(write_plan(seeds=[0, 3])), tmp_path / "out"
    told = []
    result = sweep(plan, recordings, out, after_run=lambda run, done, of: told.append((done, of)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [(run.settings["training.optimiser.lr"], run.seed) for run in result.runs] == [(0.001, 0), (0.001, 3), (0.02, 0), (0.02, 3)]
    # a run is what fit makes of the same recipe
    recipe = load_recipe(plan.recipe)
    optimiser = {**recipe.to_dict()["training"]["optimiser"], "lr": 0.02}
    same = fit(recipe.changed(optimiser=optimiser, seed=3), data, out=tmp_path / "same", data_name="toy", progress=False)
    assert (tmp_path / "same" / "checkpoint.safetensors").read_bytes() == checkpoint(out, result.runs[3])
    assert result.runs[3].metrics["validation_accuracy"] == same.checkpoint.metrics["validation_accuracy"]
    # again, with one value more: what is there is read
    before = {run.folder: (out / run.folder / "resume.safetensors").stat().st_mtime_ns for run in result.runs}
    more = sweep(SweepPlan.from_yaml(write_plan(seeds=[0, 3], vary={"training.optimiser.lr": [0.001, 0.02, 0.05]})), recordings, out)
    assert {run.folder: (out / run.folder / "resume.safetensors").stat().st_mtime_ns for run in more.runs[:4]} == before
    assert more.runs[:4] == result.runs
    rows = list(csv.DictReader(io.StringIO((out / "sweep.csv").read_text())))
    assert [row["seed"] for row in rows] == ["0", "3"] * 3
    kept = json.loads((out / "sweep.json").read_text())
    assert kept["best"]["validation_accuracy"] == max(m["validation_accuracy"] for m in kept["means"])
    assert len(kept["means"]) == 3


@pytest.mark.usefixtures("process")
@pytest.mark.parametrize("trials", [None, 2])
def test_two_jobs_train_the_same_bytes(write_plan, recordings, tmp_path, trials):
    """Two trials that are begun together know nothing of each other, and the first two of a search are drawn at random anyway."""
    plan = SweepPlan.from_yaml(write_plan())
    one, two = (sweep(plan, recordings, tmp_path / str(jobs), trials=trials, jobs=jobs) for jobs in (1, 2))
    assert one.runs == two.runs
    assert [checkpoint(tmp_path / "1", run) for run in one.runs] == [checkpoint(tmp_path / "2", run) for run in two.runs]


def test_a_training_that_diverges_is_a_result(write_plan, recordings, tmp_path):
    plan = SweepPlan.from_yaml(write_plan(vary={"training.optimiser.lr": [0.02, 1e30]}))
    result = sweep(plan, recordings, tmp_path / "out")
    assert [run.state for run in result.runs] == ["finished", "failed"]
    assert result.runs[1].message.startswith("the training has diverged")
    assert [settings for settings, _ in result.means()] == [{"training.optimiser.lr": 0.02}]


def test_a_search_that_is_killed_goes_on(write_plan, recordings, data, tmp_path, process):
    """kill -9 in the middle of its second trial: the search ends with the trials, suggestions and bytes of one that nobody touched."""
    path, killed = write_plan(**SEARCH), tmp_path / "killed"
    data.save(tmp_path / "data.h5")
    program = """
        import os, signal
        from functools import partial
        from hetsyn_sim.data.events import SpikeDataset
        from pathlib import Path
        from hetsyn_sim.training.module import TrainingModule
        from hetsyn_sim.training.sweep_plan import SweepPlan
        from hetsyn_sim.training.sweep import sweep

        original = TrainingModule.training_step
        def step(module, batch, i):
            if len(list(Path("killed/runs").iterdir())) == 2 and module.current_epoch == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(module, batch, i)
        TrainingModule.training_step = step

        def load(seed):
            return SpikeDataset.load("data.h5"), None, "toy"

        sweep(SweepPlan.from_yaml("plan.yaml"), load, "killed", trials=3)
    """
    end = process([sys.executable, "-c", textwrap.dedent(program)], cwd=tmp_path, check=False)
    assert end.returncode == -signal.SIGKILL
    plan = SweepPlan.from_yaml(path)
    begun = sorted((killed / "runs").iterdir())
    assert [(run / "checkpoint.safetensors").exists() for run in begun].count(True) == 1
    assert all((run / "resume.safetensors").exists() for run in begun)
    resumed, whole = sweep(plan, recordings, killed, trials=3), sweep(plan, recordings, tmp_path / "whole", trials=3)
    assert resumed == whole
    assert len(resumed.runs) == len(list((killed / "runs").iterdir())) == 3  # no trial lost, none trained twice under another name
    for run in whole.runs:
        assert checkpoint(killed, run) == checkpoint(tmp_path / "whole", run)
    assert sweep(plan, recordings, killed, trials=2) == resumed  # there are more already

    with refused(ConfigError, "(?s)this folder holds another sweep.*plan.json: seeds"):
        sweep(SweepPlan.from_yaml(write_plan(seeds=[0, 1], **SEARCH)), recordings, killed, trials=3)


def test_one_process_at_a_time(write_plan, recordings, tmp_path):
    plan = SweepPlan.from_yaml(write_plan(vary={"training.optimiser.lr": [0.02]}))

    def again(run, done, of):
        with pytest.raises(ConfigError, match="another training is running in this folder"):
            sweep(plan, recordings, tmp_path / "out")

    assert len(sweep(plan, recordings, tmp_path / "out", after_run=again).runs) == 1


def test_a_search_without_trials_is_refused(write_plan, recordings, tmp_path):
    with refused(ConfigError, "the number of trials must be above 0", None, "0", remedy="one trial or more"):
        sweep(SweepPlan.from_yaml(write_plan()), recordings, tmp_path / "out", trials=0)
    assert not (tmp_path / "out").exists()


def test_a_metric_that_runs_do_not_have(write_plan, data, tmp_path):
    plan = SweepPlan.from_yaml(write_plan(fixed={"training.loss.name": "mean_squared_error"}))
    traces = np.zeros((3, 20, 3))
    with refused(ConfigError, "metric", None, "'validation_accuracy'", "validation_loss", "metric: validation_loss"):
        sweep(plan, lambda seed: (data, traces, "toy"), tmp_path / "out")


@pytest.mark.parametrize(("values", "scale"), [([0.001, 0.1], "log"), ([1, 2], "linear"), ([[3], [5]], "linear")])
def test_the_figure(values, scale):
    runs = [Run({"x": value}, seed, "f", "finished", {"validation_accuracy": 0.2 + 0.1 * seed}) for value in values for seed in (0, 1)]
    ax = plot_sweep(SweepResult([*runs, Run({"x": values[0]}, 2, "f", "failed")], "validation_accuracy"), "x")
    assert ax.get_xscale() == scale
    assert ax.lines[0].get_ydata() == pytest.approx([30.0, 30.0])
    assert len(ax.collections[0].get_offsets()) == 4
    assert ax.get_xlabel() == "x"

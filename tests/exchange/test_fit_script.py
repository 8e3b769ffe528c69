"""A fitted neuron as a script: Brian2 runs it, without this package, and it does what the fitted neuron does."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.errors import ConfigError, TransferError
from hetsyn_sim.exchange import export_fit
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import AdEx
from hetsyn_sim.models.adlif import SymplecticAdLIF
from hetsyn_sim.spec import DEFAULT_STEP_ORDER
from hetsyn_sim.training.fitting import RecordingsFit, Trials
from hetsyn_sim.training.fitting.lanes import Lanes
from hetsyn_sim.training.fitting.result import with_values

from ..refusal import refused

N = 2000


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(0)
    current = 0.9e-9 + 0.1e-9 * np.cumsum(rng.standard_normal((N, 2)), axis=0) / 10
    every = np.ones((N, 2), dtype=bool)
    fixed = {name: float(getattr(p.distribution, "value", 0.0)) for name, p in AdEx.parameters.items()}
    trials = Trials(1e-4, {"I_0": current}, None, None, None, every, every)
    with use_backend("plain"):
        found = Lanes(AdEx, trials, fixed, ()).run(np.zeros((1, 0)), free=True)
    spikes = found.spikes[:, :, 0]
    assert spikes.sum() > 5
    v = np.where(spikes, fixed["V_r"], found.v[:, :, 0])  # as a monitor shows a spike
    bounds = {"C": (1e-10, 1e-9)}
    model = with_values(AdEx, fixed, bounds)
    trials = replace(trials, v=v, spikes=spikes, counted=~spikes)
    ends, costs = np.array([[fixed["C"]]]), np.array([0.0])
    return RecordingsFit(model, trials, {"C": fixed["C"]}, {"C": 1e-12}, bounds, (), 1e-9, None, ends, costs, 1, 10, 0.1, False)


@pytest.mark.compiled
def test_a_script_runs_without_this_package_and_finds_the_recording(result, tmp_path, process):
    folder = export_fit(result, tmp_path / "fit")
    text = (folder / "neuron.py").read_text()
    assert "C = 281.0 * pF  # fitted, +- 1e-12 farad" in text
    assert "hetsyn" not in text
    done = process([sys.executable, "neuron.py"], cwd=folder)
    off = float(done.stdout.split("voltage by ")[1].split()[0])
    assert off < 1e-9  # volts; Brian2 rounds in another order
    n = int(result.trials.spikes.sum())
    assert f"spikes: of the neuron {n}, of the recording {n}" in done.stdout
    export_fit(result, folder)  # again, over itself


def test_what_a_script_can_not_be_is_said(result, tmp_path):
    driven = replace(result, trials=replace(result.trials, input_spikes=np.zeros((N, 2))))
    with refused(TransferError, "can't be written as a script", where="AdEx", got="input spikes", remedy="to_brian2"):
        export_fit(driven, tmp_path / "no")
    other = replace(result, model=replace(result.model, step_order=DEFAULT_STEP_ORDER))
    with refused(TransferError, "can't be written as a script", got="the step order"):
        export_fit(other, tmp_path / "no")
    symplectic = replace(result, model=replace(SymplecticAdLIF, step_order=None))
    with refused(TransferError, "can't be written as a script", got="the method"):
        export_fit(symplectic, tmp_path / "no")
    (tmp_path / "mine.txt").write_text("mine")
    with refused(ConfigError, "nothing can be exported there", got="mine.txt"):
        export_fit(result, tmp_path)

"""``hetsyn fit-recordings`` on a membrane without spikes, whose fit takes no compiler."""

import json

import numpy as np
import pytest
import yaml

from hetsyn_sim.kernels import use_backend
from hetsyn_sim.spec import NeuronModel
from hetsyn_sim.training.fitting import search

from ..membrane import PASSIVE


@pytest.fixture
def folder(tmp_path):
    current = np.repeat([0.0, 50.0, -50.0, 100.0], 8)  # pA
    v = np.full(32, -65.0)
    for t in range(31):
        v[t + 1] = v[t] + (1 - np.exp(-0.1)) * (-65.0 - v[t] + 0.1 * current[t])  # 100 Mohm, 10 ms
    np.savetxt(tmp_path / "current.csv", current)
    np.savez(tmp_path / "cell.npz", v=v)
    (tmp_path / "membrane.yaml").write_text(PASSIVE.to_text())
    with use_backend("plain"):
        yield tmp_path


def arguments(folder, **changes):
    options = {
        "--dt": "1 ms",
        "--input": f"I={folder}/current.csv pA",
        "--voltage": f"{folder}/cell.npz:v mV",
        "--spikes": "none",
        "--out": folder / "fitted",
        "--restarts": 2,
    }
    options |= changes
    given = [text for name, value in options.items() if value is not None for text in (name, value)]
    return ["fit-recordings", folder / "membrane.yaml", *given, "--fit", "R", "--fit", "tau=2 ms..100 ms"]


def test_a_fit_writes_values_figures_and_a_script(told, folder):
    result, written = told(*arguments(folder))
    assert "R          100 +- " in result.stdout
    assert written["parameters"]["R"]["value"] == pytest.approx(1e8, rel=1e-5)
    assert written["parameters"]["tau"]["bounds"] == [0.002, 0.1]
    assert (written["agreeing"], written["n_trials"], written["n_steps"]) == (2, 1, 32)
    out = folder / "fitted"
    names = {"neuron.py", "recording.npz", "fit.json", "model.yaml", "fit.png", "residuals.png", "restarts.png"}
    assert {path.name for path in out.iterdir()} == names
    assert json.loads((out / "fit.json").read_text()) == written
    compile((out / "neuron.py").read_text(), "neuron.py", "exec")
    assert NeuronModel.from_text((out / "model.yaml").read_text()).parameters["R"].distribution.value == written["parameters"]["R"]["value"]
    assert yaml.safe_load((out / "model.yaml").read_text())["parameters"]["tau"]["trainable"] is True


def test_ctrl_c_writes_what_was_found(told, folder, monkeypatch):
    descend = search._descend

    def interrupted(loss, state, pull, *others):
        if state.stage == 2:
            raise KeyboardInterrupt
        descend(loss, state, pull, *others)

    monkeypatch.setattr(search, "_descend", interrupted)
    result, written = told(*arguments(folder), exit_code=130)
    assert written["interrupted"] is True
    assert "what was found so far is written" in result.stderr
    assert (folder / "fitted" / "fit.json").is_file()


REFUSED = {
    "a time without a unit": ({"--dt": "1"}, "a time needs its unit"),
    "an input without a name": ({"--input": "current.csv pA"}, "a name and a value belong here"),
    "a trace without a unit": ({"--voltage": "cell.npz:v"}, "a file needs the unit"),
    "no recording": ({"--voltage": None, "--spikes": None}, "there is nothing to fit to"),
    "an unknown input": ({"--input": "J={}/current.csv pA"}, "unknown input"),
    "a bound alone": ({"--fit": "E_L=-80 mV"}, "a search needs two bounds"),
    "an unknown loss": ({"--loss": "squares"}, "unknown loss"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_said(case, hetsyn, folder):
    changes, what = REFUSED[case]
    changes = {name: value and value.replace("{}", str(folder)) for name, value in changes.items()}
    assert what in hetsyn(*arguments(folder, **changes), exit_code=2).stderr


def test_a_folder_with_other_files_is_left_alone(hetsyn, folder):
    assert "nothing can be exported there" in hetsyn(*arguments(folder, **{"--out": folder}), exit_code=2).stderr

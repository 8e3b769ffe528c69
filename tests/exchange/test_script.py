"""Exported networks run without this package and spike as they were trained to, or say how much they don't."""

import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.decoding import Decoder
from hetsyn_sim.errors import DataError, DtMismatchError, TransferError
from hetsyn_sim.exchange import export_brian2
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.ladder import RUNGS, Setting
from hetsyn_sim.models import HetNeuLIF, HetNeuReadout, HetSynLIF, HetSynRiseLIF, HomNeuALIF, HomNeuLIF, LeakyReadout, TsodyksMarkramLIF
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec, StepOrder
from hetsyn_sim.training.network import Network

from ..brian.neurons import adlif, graded, izhikevich, value_readout
from ..conftest import make_toy_data
from .scripts import run_script


def lively(model):
    return model.with_parameters(w={"initial": FanInNormal(3.0)})


LIVELY = lively(HetSynLIF)


def checkpoint_of(layers, readout=None, loss=None, order=None, seed=0):
    options = {} if order is None else {"step_order": StepOrder(order)}
    spec = NetworkSpec(dt="10 ms", n_input=6, layers=layers, readout=readout, **options)
    recipe = {"training": {"loss": loss}} if loss else {}
    return Checkpoint(spec, spec.initial_values(seed), recipe=recipe)


def one_layer(model, recurrent=True, loss=None, order=None, size=6):
    return checkpoint_of([Layer(model, size, recurrent=recurrent)], Layer(LeakyReadout, 3), loss, order)


def at_rung(name):

    data, checkpoint = make_toy_data(), checkpoint_of([Layer(LIVELY, 5, recurrent=True)], Layer(LeakyReadout, 3), seed=1)
    setting = Setting(checkpoint.spec, dict(checkpoint.values), data.rasters())
    there = next(rung for rung in RUNGS if rung.name == name).apply(setting, 20.0, np.random.default_rng(0))
    return Checkpoint(there.spec, there.values)


NETWORKS = {
    "membrane capacitance": lambda: at_rung("membrane capacitance"),
    "recurrent, two layers": lambda: checkpoint_of([Layer(LIVELY, 7, recurrent=True), Layer(LIVELY, 5)], Layer(LeakyReadout, 3)),
    "a recurrent neuron alone": lambda: one_layer(LIVELY, size=1),
    "self-connections, no readout": lambda: checkpoint_of([Layer(LIVELY, 4, True, True)], loss={"name": "spike_count"}),
    "time constants of neurons": lambda: checkpoint_of(
        [Layer(lively(HetNeuLIF), 6, recurrent=True)], Layer(HetNeuReadout, 3), {"name": "last_step"}
    ),
    "adaptation": lambda: one_layer(lively(HomNeuALIF), False, {"name": "mean_squared_error"}),
    "delays": lambda: one_layer(LIVELY.with_delay("uniform(0 ms, 80 ms)")),
    "one delay": lambda: one_layer(LIVELY.with_delay(30 * ms, axes="layer")),
    "another order of the step": lambda: one_layer(
        LIVELY, True, {"name": "sum_of_softmax", "burn_in": 3}, ("recurrent", "reset", "decay", "feedforward", "threshold")
    ),
    "jumps on states": lambda: one_layer(izhikevich().with_parameters(tau={"initial": "20 ms"})),
    "frozen while refractory": lambda: one_layer(adlif("exponential_euler", frozen="u", refractory="t_ref", initial={"u": "theta/2"})),
    "crossings without reset": lambda: one_layer(adlif("euler", refractory="v > theta", reset="", initial={"u": "theta/2"}), False),
    "textbook LIF": lambda: one_layer(lively(HomNeuLIF), False),
    "short-term plasticity": lambda: one_layer(TsodyksMarkramLIF.with_parameters(w={"initial": FanInNormal(30.0)})),
    "rise times": lambda: one_layer(lively(HetSynRiseLIF)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_script_finds_the_same_spikes(name, toy_data, tmp_path):
    checkpoint = NETWORKS[name]()
    with use_backend("plain"):  # the others compile kernels for a neuron
        done = export_brian2(checkpoint, toy_data, tmp_path / "out")
        recording = Network.from_checkpoint(checkpoint).record(toy_data.rasters())
    assert sum(done.n_spikes.values()) > 20
    guessed = Decoder.of(checkpoint).predictions(recording, checkpoint.spec)
    accuracy = np.mean(guessed == toy_data.labels)
    assert done.accuracy == accuracy
    printed, code = run_script(tmp_path / "out")
    assert code == 0
    assert f"accuracy: {100 * accuracy:.2f} % (trained network: {100 * accuracy:.2f} %)" in printed
    for layer, n in done.n_spikes.items():
        assert n == recording.rasters[layer].sum()
        assert f"{layer}: {n} spikes, 0 differ from those of the trained network" in printed


def test_physical_units_have_their_names_in_the_script(toy_data, toy_checkpoint, tmp_path):
    spec, values = toy_checkpoint.spec, dict(toy_checkpoint.values)
    units = RUNGS[0].apply(Setting(spec, values, toy_data.rasters()), 15.0, np.random.default_rng(0))
    done = export_brian2(Checkpoint(units.spec, units.values), toy_data, tmp_path)
    text = (tmp_path / "network.py").read_text()
    assert "layer_1.R_m = values" in text
    assert re.search(r"layer_1_feedforward\.w = values\[.*\]\[.*\] \* amp$", text, re.MULTILINE)
    assert "input resistance of the membrane; one for the whole layer; 100 Mohm; fixed" in text.replace("\n#     ", " ")
    printed, code = run_script(tmp_path)
    assert (code, f"layer_1: {done.n_spikes['layer_1']} spikes, 0 differ" in printed) == (0, True)


def test_the_script_sees_other_weights(toy_data, toy_checkpoint, tmp_path):
    """A near miss: a thousandth more on all weights of one projection changes spikes, and the script says so."""
    export_brian2(toy_checkpoint, toy_data, tmp_path)
    values = dict(np.load(tmp_path / "values.npz"))
    values["layer_1.feedforward.w"] = values["layer_1.feedforward.w"] * 1.05
    np.savez(tmp_path / "values.npz", **values)
    printed, code = run_script(tmp_path)
    assert code == 1
    assert int(re.search(r"(\d+) differ", printed).group(1)) > 0


def test_some_recordings_are_an_option(toy_data, toy_checkpoint, tmp_path):
    export_brian2(toy_checkpoint, toy_data, tmp_path)
    n = Network.from_checkpoint(toy_checkpoint).record(toy_data[:4].rasters()).rasters["layer_1"].sum()
    printed, code = run_script(tmp_path, "--recordings", "4")
    assert code == 0
    assert printed.count("4 recordings of 12 steps") == 1
    assert f"layer_1: {n} spikes, 0 differ" in printed


def test_a_time_constant_of_zero_and_infinity_survive(toy_data, toy_checkpoint, tmp_path):
    values = {key: np.array(value) for key, value in toy_checkpoint.values.items()}
    values["layer_1.feedforward.tau_syn"][0, 0], values["layer_1.feedforward.tau_syn"][1, 1] = 0.0, np.inf
    export_brian2(replace(toy_checkpoint, values=values), toy_data, tmp_path)
    assert (np.load(tmp_path / "values.npz")["layer_1.feedforward.tau_syn"] > 0).all()
    assert run_script(tmp_path)[1] == 0


def test_the_page_says_what_to_expect(toy_data, toy_checkpoint, tmp_path):
    done = export_brian2(toy_checkpoint, toy_data, tmp_path)
    page = (tmp_path / "README.md").read_text()
    assert f"- layer_1: {done.n_spikes['layer_1']:,} spikes" in page
    assert f"- accuracy: {100 * done.accuracy:.2f} %" in page
    assert re.search(r"sha256 `[0-9a-f]{64}`", page)
    assert " 120  layer_1: neurons above threshold spike" in page


def test_equal_exports_are_equal(toy_data, toy_checkpoint, tmp_path):
    for folder in ("one", "two"):
        export_brian2(toy_checkpoint, toy_data, tmp_path / folder)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name
    export_brian2(toy_checkpoint, toy_data[:3], tmp_path / "two")  # an export may be replaced
    assert len(np.load(tmp_path / "two" / "recordings.npz")["labels"]) == 3


def test_recordings_that_do_not_fit(toy_data, toy_checkpoint, tmp_path):
    with pytest.raises(DtMismatchError):
        export_brian2(toy_checkpoint, replace(toy_data, dt=0.004), tmp_path / "out")
    with pytest.raises(DataError, match="another number of channels"):
        export_brian2(toy_checkpoint, replace(toy_data, n_channels=7), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_script_runs_without_this_package(toy_data, toy_checkpoint, tmp_path, process):
    """In a process of its own, from another folder, where hetsyn_sim can't be found."""
    export_brian2(toy_checkpoint, toy_data, tmp_path)
    alone = "import runpy, sys; sys.modules['hetsyn_sim'] = None; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    done = process([sys.executable, "-c", alone, tmp_path / "network.py"], cwd="/")
    assert (done.returncode, ", 0 differ" in done.stdout) == (0, True), done.stderr
    usage = process([sys.executable, tmp_path / "network.py", "--help"]).stdout
    assert "--target {numpy,cython}" in usage


@pytest.mark.parametrize(
    ("model", "readout", "message"),
    [
        (adlif(), LeakyReadout, r"(?s)layer_1: AdLIF.*coefficients handed over.*because u, k oscillate"),
        (adlif("symplectic_euler"), LeakyReadout, r"(?s)'symplectic_euler', because Brian2 has no such method"),
        (graded(), value_readout(), r"(?s)layer_1: Graded.*x_pre.*to_brian2"),
    ],
)
def test_what_brian_has_no_means_for_is_refused(model, readout, message, toy_data, tmp_path):
    with pytest.raises(TransferError, match=message):
        export_brian2(checkpoint_of([Layer(model, 4)], Layer(readout, 3)), toy_data, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.compiled
def test_the_script_runs_as_a_standalone_program(process, toy_data, toy_checkpoint, tmp_path):
    done = export_brian2(toy_checkpoint, toy_data, tmp_path)
    script = tmp_path / "network.py"
    standalone = f"import brian2\nbrian2.set_device('cpp_standalone', directory={str(tmp_path / 'code')!r})\nimport numpy as np"
    script.write_text(script.read_text().replace("import numpy as np", standalone, 1))
    printed = process([sys.executable, str(script)]).stdout
    for layer, n in done.n_spikes.items():
        assert f"{layer}: {n} spikes, 0 differ from those of the trained network" in printed

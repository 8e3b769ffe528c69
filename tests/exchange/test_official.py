"""State dicts of the published code: the imported network spikes as the code would have, here and in Brian2; and what is refused."""

import os
from itertools import pairwise

import numpy as np
import pytest
import torch

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import CheckpointError, ConfigError, SpecError, UnknownNameError
from hetsyn_sim.exchange import import_network
from hetsyn_sim.training.network import Network

SIZES = (30, 12, 8, 5)


def state_dict(recurrent=True, seed=0, prefix="", names=("w", "rho"), out="layer_out"):
    rng = np.random.default_rng(seed)
    found = {}
    for k, (pre, post) in enumerate(pairwise(SIZES[:3]), start=1):
        parts = {"layer_in": (post, pre)} | ({"layer_rec": (post, post)} if recurrent else {})
        for part, shape in parts.items():
            found[f"layer_hidden{k}.{part}.{names[0]}"] = torch.tensor(rng.normal(0, 2.5 / np.sqrt(shape[1]), shape), dtype=torch.float32)
            found[f"layer_hidden{k}.{part}.{names[1]}"] = torch.tensor(np.exp(-1 / rng.uniform(5, 20, shape)), dtype=torch.float32)
    found[f"{out}.{names[0]}"] = torch.tensor(rng.normal(0, 0.3, (SIZES[3], SIZES[2])), dtype=torch.float32)
    found[f"{out}.{names[1]}"] = torch.tensor(np.exp(-1 / rng.uniform(5, 20, (SIZES[3], SIZES[2]))), dtype=torch.float32)
    return {prefix + name: value for name, value in found.items()}


def saved(tmp_path, content, name="model.pth"):
    torch.save(content, tmp_path / name)
    return tmp_path / name


def as_the_code_does(tensors, x, recurrent=True):
    """One step after the other on decays, as eq. 5, 8 and 9 and the published code have it; x is (time, batch, channel)."""
    t = {name: value.to(torch.float64).numpy() for name, value in tensors.items()}
    kappa = np.exp(-1 / 20)
    currents, spikes, v_out = {}, [[], []], []
    z = [np.zeros((x.shape[1], n)) for n in SIZES[1:3]]
    reset = [np.zeros((x.shape[1], n)) for n in SIZES[1:3]]

    def driven(key, source):
        currents[key] = currents.get(key, 0.0) * t[f"{key}.rho"] + t[f"{key}.w"] * source[:, None, :]  # (batch, post, pre)
        return currents[key].sum(axis=2)

    for now in x.astype(float):
        below = now
        for k in range(2):
            v = driven(f"layer_hidden{k + 1}.layer_in", below)
            if recurrent:
                v = v + driven(f"layer_hidden{k + 1}.layer_rec", z[k])
            reset[k] = kappa * reset[k] + z[k]
            z[k] = (v - reset[k] > 1.0).astype(float)
            spikes[k].append(z[k])
            below = z[k]
        v_out.append(driven("layer_out", below))
    return [np.array(s) for s in spikes], np.array(v_out)


@pytest.mark.parametrize(("recurrent", "dt"), [(True, "4 ms"), (False, "1 ms")])
def test_the_imported_network_does_what_the_code_does(tmp_path, recurrent, dt):
    tensors = state_dict(recurrent)
    checkpoint = import_network(saved(tmp_path, tensors), dt=dt)
    x = np.random.default_rng(1).random((80, 3, SIZES[0])) < 0.1
    (one, two), v_out = as_the_code_does(tensors, x, recurrent)
    assert min(one.mean(), two.mean()) > 0.02
    done = Network.from_checkpoint(checkpoint).record(x)
    np.testing.assert_array_equal(done.rasters["layer_1"], one)
    np.testing.assert_array_equal(done.rasters["layer_2"], two)
    np.testing.assert_allclose(done.traces["readout.v"], v_out, atol=1e-12)
    brian = BrianSimulation(checkpoint.spec, checkpoint.values).run(x)
    np.testing.assert_array_equal(brian.rasters["layer_2"], two)


def test_time_constants_are_those_of_the_real_step(tmp_path):
    tensors = state_dict()
    path = saved(tmp_path, tensors)
    one, four = (import_network(path, dt=dt) for dt in ("1 ms", "4 ms"))
    key = "layer_1.feedforward.tau_syn"
    np.testing.assert_allclose(four.values[key], 4 * one.values[key], rtol=1e-14)
    rho = tensors["layer_hidden1.layer_in.rho"].numpy().astype(float)
    np.testing.assert_allclose(np.exp(-0.001 / one.values[key]), rho, rtol=1e-13)
    assert four.values["layer_1.neuron.tau_reset"] == pytest.approx(0.08)
    assert import_network(path, dt="4 ms", tau_reset="40 ms", theta=0.7).values["layer_1.neuron.tau_reset"] == pytest.approx(0.04)
    assert four.recipe["training"]["loss"] == {"name": "sum_of_softmax", "burn_in": 11}
    tensors["layer_hidden1.layer_in.rho"][0, :2] = torch.tensor([0.0, 1.0])
    assert import_network(saved(tmp_path, tensors), dt="4 ms").values[key][0, :2].tolist() == [0.0, np.inf]
    again = Checkpoint.load(four.save(tmp_path / "official"))
    assert again.spec == four.spec


def test_other_names_wrappers_and_biases_of_0(tmp_path):
    expected = import_network(saved(tmp_path, state_dict()), dt="4 ms")
    other = state_dict(prefix="module.model.", names=("weight", "decay"), out="layer_out.layer_in")
    other["module.model.layer_hidden1.layer_in.bias"] = torch.zeros(SIZES[1])
    found = import_network(saved(tmp_path, {"state_dict": other, "epoch": 93}), dt="4 ms")
    assert found.to_bytes() == expected.to_bytes()


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("harm",)


def test_nothing_in_the_file_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for content in ({"layer_out.w": Harmful()}, Harmful()):
        path = saved(tmp_path, content)
        with pytest.raises(
            CheckpointError, match=r"(?s)no state dict.*run code when they are read: (posix|nt)\.mkdir.*state_dict\(\)"
        ) as caught:
            import_network(path, dt="4 ms")
        assert "weights_only" not in str(caught.value)  # PyTorch's advice to load it all the same is not passed on

    assert not (tmp_path / "harm").exists()


def changed(name, value):
    return lambda tensors: {key: tensor for key, tensor in (tensors | {name: value}).items() if tensor is not None}


#: More of them stand in tests/reliability/wrong_states.py.
BAD = {
    "no hidden layer": (lambda t: {k: v for k, v in t.items() if "out" in k}, r"1 layer\(s\)"),
    "no decays": (changed("layer_hidden1.layer_in.rho", None), "layer_hidden1.layer_in without w and rho"),
    "half of the recurrence": (changed("layer_hidden2.layer_rec.w", None), "layer_hidden2.layer_rec without one of"),
    "biases": (changed("layer_hidden1.layer_in.b", torch.ones(12)), "biases that are not 0"),
    "layers that do not fit": (changed("layer_hidden2.layer_in.w", torch.zeros(8, 11)), r"\(12, 30\) and then \(8, 11\)"),
    "decays of another shape": (changed("layer_hidden1.layer_in.rho", torch.zeros(7, 3)), r"shape \(7, 3\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_such_network(tmp_path, case):
    change, got = BAD[case]
    with pytest.raises(CheckpointError, match=f"(?s)got: +.*{got}.*remedy"):
        import_network(saved(tmp_path, change(state_dict())), dt="4 ms")


def test_facts_that_make_no_sense(tmp_path):

    path = saved(tmp_path, state_dict())
    for facts, error, message in (
        ({"layout": "norse"}, UnknownNameError, "hetsyn-official"),
        ({"dt": "4 mV"}, SpecError, "wrong kind"),
        ({"dt": "0 ms"}, ConfigError, "make no sense"),
        ({"theta": 0.0}, ConfigError, "make no sense"),
        ({"tau_reset": "-1 ms"}, ConfigError, "make no sense"),
    ):
        with pytest.raises(error, match=message):
            import_network(path, **({"dt": "4 ms"} | facts))

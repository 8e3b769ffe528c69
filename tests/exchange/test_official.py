"""State dicts of the published code: the imported network spikes as the code would have, here and in Brian2; and what is refused."""

import argparse
import os
import re
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


def test_a_name_with_a_wrappers_prefix_and_without(tmp_path):
    """Equal tensors are one; of two that differ none is taken."""
    plain, name = state_dict(), "layer_hidden1.layer_in.w"
    expected = import_network(saved(tmp_path, plain), dt="4 ms")
    twice = plain | {f"module.{name}": plain[name].clone()}
    assert import_network(saved(tmp_path, twice), dt="4 ms").to_bytes() == expected.to_bytes()
    twice[f"module.{name}"] += 1.0
    with pytest.raises(CheckpointError, match=f"module.{name}(.|\n)*one tensor of a name"):
        import_network(saved(tmp_path, twice), dt="4 ms")


class Synapses(torch.nn.Module):
    def __init__(self, pre, post, rng, per_neuron):
        super().__init__()
        tau = rng.uniform(5, 20, post if per_neuron else (post, pre))
        self.w = torch.nn.Parameter(torch.tensor(rng.normal(0, 2.5 / np.sqrt(pre), (post, pre)), dtype=torch.float32))
        self.rho = torch.nn.Parameter(torch.tensor(np.exp(-1 / tau), dtype=torch.float32))
        self.b = torch.nn.Parameter(torch.zeros(post if per_neuron else (post, pre)), requires_grad=False)


class Cell(torch.nn.Module):
    """Registers its parameters once more as its own, as the published cells do."""

    def __init__(self, pre, post, rng, recurrent, per_neuron):
        super().__init__()
        self.layer_in = Synapses(pre, post, rng, per_neuron)
        if recurrent:
            self.layer_rec = Synapses(post, post, rng, per_neuron)
        for part in ("in", "rec") if recurrent else ("in",):
            for what in ("w", "rho", "b"):
                setattr(self, f"{what}_{part}", getattr(getattr(self, f"layer_{part}"), what))


class AsPublished(torch.nn.Module):
    """Two hidden layers and a readout, whose parameters the network registers a third time."""

    def __init__(self, seed=0, recurrent=True, per_neuron=False):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.layer_hidden1 = Cell(*SIZES[:2], rng, recurrent, per_neuron)
        self.layer_hidden2 = Cell(*SIZES[1:3], rng, recurrent, per_neuron)
        self.layer_out = Cell(*SIZES[2:], rng, False, per_neuron)
        for what in ("w", "rho", "b"):
            for k in (1, 2):
                for part in ("in", "rec") if recurrent else ("in",):
                    setattr(self, f"{what}_{part}{k}", getattr(getattr(self, f"layer_hidden{k}"), f"{what}_{part}"))
            setattr(self, f"{what}_out", getattr(self.layer_out, f"{what}_in"))


@pytest.mark.parametrize(("recurrent", "n_names"), [(True, 45), (False, 27)])
def test_a_state_dict_that_names_every_tensor_three_times(tmp_path, recurrent, n_names):
    tensors = AsPublished(recurrent=recurrent).state_dict()
    assert len(tensors) == n_names
    own = {name: tensor for name, tensor in tensors.items() if re.fullmatch(r"layer_\w+\.layer_\w+\.(w|rho)", name)}
    found = import_network(saved(tmp_path, tensors), dt="4 ms")
    assert found.to_bytes() == import_network(saved(tmp_path, own), dt="4 ms").to_bytes()
    np.testing.assert_array_equal(found.values["layer_2.feedforward.w"], tensors["w_in2"].double().numpy())
    np.testing.assert_allclose(np.exp(-0.004 / found.values["readout.feedforward.tau_syn"]), tensors["rho_out"].numpy(), rtol=1e-7)


@pytest.mark.parametrize(
    ("alias", "name"), [("w_in1", "layer_hidden1.layer_in.w"), ("layer_hidden2.rho_rec", "layer_hidden2.layer_rec.rho")]
)
def test_an_alias_that_differs_or_stands_alone_is_refused_by_name(tmp_path, alias, name):
    tensors = dict(AsPublished().state_dict())
    other = tensors | {alias: tensors[alias].clone()}
    other[alias][3, 2] = torch.nextafter(other[alias][3, 2], torch.tensor(0.0))  # by the last bit of one number
    with pytest.raises(CheckpointError, match=rf"got: +{alias}, which is another name of {name}, with other values"):
        import_network(saved(tmp_path, other), dt="4 ms")
    del tensors[name]
    with pytest.raises(CheckpointError, match="without the tensor that it is another name of"):
        import_network(saved(tmp_path, tensors), dt="4 ms")


def test_the_file_of_a_published_training_holds_two_networks_scores_and_settings(tmp_path):
    """Scores are numbers of NumPy and settings a Namespace: what PyTorch refuses to make, and what is not made here either."""
    last, best = AsPublished(seed=1).state_dict(), AsPublished(seed=2).state_dict()
    settings = argparse.Namespace(seed=0, dropout_rate=[0.2, 0.2], data_path="data/SHD")
    scores = {
        "train_loss_list": [2.5],
        "train_acc_list": [np.float64(0.5)],
        "test_acc_list": [np.float64(0.25)],
        "best_acc": np.float64(0.25),
    }
    content = scores | {"model": last, "training_parameters": settings, "model_parameters": {"n_hid": [12, 8]}, "best_model_state": best}
    path = saved(tmp_path, content, "seed_0.pth")
    before = set(torch.serialization.get_safe_globals())
    of_last, of_best = (import_network(saved(tmp_path, state), dt="4 ms") for state in (last, best))
    assert import_network(path, dt="4 ms").values.keys() == of_last.values.keys()
    for key, value in import_network(path, dt="4 ms").values.items():
        np.testing.assert_array_equal(value, of_last.values[key])
    named = import_network(path, dt="4 ms", state_dict="best_model_state")
    for key, value in named.values.items():
        np.testing.assert_array_equal(value, of_best.values[key])
    assert named.data["name"].endswith("best_model_state")
    assert set(torch.serialization.get_safe_globals()) == before  # nothing is allowed once the file is read
    with pytest.raises(UnknownNameError, match="best_model_state"):
        import_network(path, dt="4 ms", state_dict="best_model")


def test_one_decay_for_each_neuron(tmp_path):
    """The published homogeneous networks have one, of shape (post,): not to be taken for one of each source."""
    model = AsPublished(per_neuron=True)
    found = import_network(saved(tmp_path, model.state_dict()), dt="1 ms")
    for key, rho in (("layer_1.feedforward", model.rho_in1), ("layer_1.recurrent", model.rho_rec1)):
        decays = np.exp(-0.001 / found.values[f"{key}.tau_syn"])
        np.testing.assert_allclose(decays, np.repeat(rho.detach().numpy()[:, None], decays.shape[1], axis=1), rtol=1e-7)


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("harm",)


def test_nothing_in_the_file_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for content in ({"layer_out.w": Harmful()}, Harmful(), {"training_parameters": argparse.Namespace(seed=Harmful()), **state_dict()}):
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
    "weights for each neuron": (changed("layer_hidden1.layer_rec.w", torch.zeros(12)), r"shape \(12,\)"),
    "a recurrent output": (changed("layer_out.layer_rec.w", torch.zeros(5, 5)), "a tensor layer_out.layer_rec.w"),
    "a tensor twice": (changed("layer_hidden1.w", torch.zeros(12, 30)), "layer_hidden1.layer_in.w and layer_hidden1.w, one tensor twice"),
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

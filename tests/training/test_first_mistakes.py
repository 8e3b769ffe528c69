"""What a newcomer gets wrong in Python: settings, kinds, axes, devices. Each is told in one typed error, or one warning."""

import sys
import warnings

import numpy as np
import pytest
import torch

import hetsyn_sim as hs
from hetsyn_sim.errors import AxesWarning, BackendError, CheckpointError, ConfigError, DataError, SpecError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import AdEx, HetSynLIF, LeakyReadout
from hetsyn_sim.training.losses import LastStep, SpikeCount, SumOfSoftmax

from ..refusal import refused


@pytest.mark.parametrize(
    ("make", "what", "where", "got", "remedy"),
    [
        (lambda: hs.Training(epochs=-1), "a setting is wrong", "Training: epochs", "-1", ""),
        (lambda: hs.Training(epoch=3), "unknown setting", "Training: epoch", "'epoch'", "did you mean 'epochs'"),
        (lambda: hs.Training(optimiser={"lr": -1}), "a setting is wrong", "Training: optimiser.lr", "-1", ""),
        (lambda: hs.Training(surrogate="arctann"), "unknown surrogate", "Training: surrogate", "'arctann'", ""),
        (lambda: hs.Training(schedule={"name": "constant", "x": 1}), "unknown setting", "Training: schedule.x", "'x'", "remove it"),
        (lambda: hs.Recipe(name=3), "a setting is wrong", "Recipe: name", "3", ""),
        (lambda: hs.Recipe(training={"epochs": 0}), "a setting is wrong", "Recipe: training.epochs", "0", ""),
        (lambda: setattr(hs.Training(), "epochs", 5), "settings can't be changed", "Training.epochs", "epochs = 5", "recipe.changed"),
    ],
)
def test_settings_in_python_have_errors_of_ours(make, what, where, got, remedy):
    with refused(ConfigError, what, where=where, got=got, remedy=remedy):
        make()


def test_settings_inside_of_others_are_checked_once(toy_data):
    recipe = hs.Recipe.from_dict({"training": {"epochs": 2}}, where="mine")
    assert recipe.changed(epochs=5).training.epochs == 5
    with refused(ConfigError, "a setting is wrong", where="mine: training.optimiser.lr", got="-1"):
        hs.Recipe.from_dict({"training": {"optimiser": {"lr": -1}}}, where="mine")
    assert hs.Training(epochs=3) == hs.Training.model_validate({"epochs": 3})
    assert hs.Training(epochs=3).model_copy(update={"epochs": 4}).epochs == 4


def spec_for(data, model=HetSynLIF, **options):
    return hs.NetworkSpec(data.dt, data.n_channels, [hs.Layer(model, 4, **options)], hs.Layer(LeakyReadout, 3))


def test_fit_says_what_it_got_instead_of_a_network_or_data(toy_data):
    spec = spec_for(toy_data)
    with refused(ConfigError, "nothing to train", got="str", remedy="hs.load_recipe('fsdd-demo')"):
        hs.fit("fsdd-demo", toy_data)
    with refused(ConfigError, "nothing to train", got="SpikeDataset", remedy="the network comes first"):
        hs.fit(toy_data, spec)
    with refused(DataError, "these are no recordings", got="ndarray", remedy="from_raster"):
        hs.fit(spec, toy_data.rasters())


@pytest.mark.parametrize("devices", [{"accelerator": "abacus"}, {"strategy": "none such"}, {"accelerator": "tpu"}])
def test_devices_that_lightning_does_not_have(toy_data, devices):
    ((name, value),) = devices.items()
    with refused(
        ConfigError, "Lightning can't train on these devices", where=f"fit: {name}", got=f"{name} = {value!r}", remedy="leave them out"
    ):
        hs.fit(spec_for(toy_data), toy_data, training=hs.Training(epochs=1, validation="none"), progress=False, **devices)


def test_a_lightning_that_can_not_be_imported(toy_data, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    with refused(BackendError, "Lightning, which trains, can't be imported", where="lightning.pytorch", remedy="pip uninstall torchvision"):
        hs.fit(spec_for(toy_data), toy_data, training=hs.Training(epochs=1, validation="none"), progress=False)


# --- axes -----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[HetSynLIF, AdEx], ids=lambda model: model.name)
def network(request):
    spec = hs.NetworkSpec("1 ms", 6, [hs.Layer(request.param, 4, recurrent=True)], hs.Layer(LeakyReadout, 3))
    with use_backend("plain"):  # nothing is compiled for a test of axes
        yield hs.Network(spec, seed=0).eval()


def test_batch_first_on_request(network):
    x = torch.from_numpy(np.random.default_rng(0).random((9, 5, 6)) < 0.4)
    out, state = network(x, batch_first=False)
    other, again = network(x.transpose(0, 1), batch_first=True)
    assert torch.equal(other, out.transpose(0, 1))
    assert torch.equal(network(x, state, batch_first=False)[0], network(x, again, batch_first=False)[0])


def test_an_input_that_looks_batch_first_gets_a_warning(network):
    with pytest.warns(AxesWarning, match=r"\(3, 40, 6\) is taken as \(time, batch, channel\).*batch_first=True") as caught:
        network(torch.zeros(3, 40, 6))
    assert caught[0].filename == __file__, "at the line of whoever called"
    for shape, said in (((40, 3, 6), None), ((1, 40, 6), None), ((300, 400, 6), None), ((3, 40, 6), False)):
        with warnings.catch_warnings():
            warnings.simplefilter("error", AxesWarning)
            network(torch.zeros(*shape), batch_first=said)


@pytest.mark.parametrize(
    ("shape", "remedy"),
    [
        ((5, 6, 9), "channels are on axis 1"),
        ((6, 5, 9), "channels are on axis 0"),
        ((5, 6), "x[:, None]"),
        ((5, 2, 7), "number of channels"),
    ],
)
def test_axes_that_can_not_be(network, shape, remedy):
    with refused(DataError, "does not fit the network", where="Network.forward", got=f"shape {shape}", remedy=remedy):
        network(torch.zeros(*shape))
    with refused(DataError, "does not fit the network", where="Network.record", got=f"shape {shape}", remedy=remedy):
        network.record(np.zeros(shape))


def test_inputs_that_are_no_tensors(network, toy_data):
    with refused(DataError, "the input is no tensor", got="ndarray", remedy="torch.from_numpy(x)"):
        network(np.zeros((5, 2, 6)))
    with refused(DataError, "the input is no array", got="SpikeDataset", remedy="data.rasters()"):
        network.record(toy_data)


@pytest.mark.parametrize("n", [1, 3])
def test_a_state_of_another_batch_is_not_broadcast(network, n):
    _, state = network(torch.zeros(5, 2, 6))
    with refused(DataError, "not of the same recordings", got=f"a state of 2 recordings, an input of {n}", remedy="begin at rest"):
        network(torch.zeros(5, n, 6), state)
    with refused(DataError, "not of the same recordings", got="int"):
        network(torch.zeros(5, 2, 6), {"layer_1": 3})


@pytest.mark.parametrize("loss", [SumOfSoftmax(), LastStep(), SpikeCount()])
def test_labels_for_the_other_axis(loss):
    with refused(DataError, "not a label for each recording", got="5 labels, an output of shape (5, 2, 3)", remedy="batch_first=True"):
        loss(torch.zeros(5, 2, 3), torch.zeros(5, dtype=torch.long))


# --- and other kinds -------------------------------------------------------------------------------------------------------------------


def test_other_things_of_the_wrong_kind(toy_data, toy_checkpoint, network):
    with refused(CheckpointError, "loaded from a file", got="NoneType"):
        hs.Checkpoint.load(None)
    with refused(SpecError, "layers are a list", got="Layer", remedy="brackets"):
        hs.NetworkSpec("1 ms", 6, hs.Layer(HetSynLIF, 4))
    with refused(DataError, "recordings are chosen by number", got="'train'", remedy="data.train"):
        toy_data["train"]
    with refused(DataError, "a number of steps", got="1.5", remedy="round(0.5 / data.dt)"):
        toy_data.rasters(1.5)
    with refused(DataError, "these are no recordings", got="Checkpoint", remedy="hs.verify(checkpoint, data.test)"):
        hs.verify(toy_data, toy_checkpoint)
    with refused(DataError, "these can't be compared", got="SpikeDataset", remedy="hs.to_brian2"):
        hs.compare(network, toy_data)
    assert len(list(toy_data)) == len(toy_data)  # a loop over recordings still ends

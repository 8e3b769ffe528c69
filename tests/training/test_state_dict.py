"""State dicts between networks that train their parameters in other ways: the values stay, or the state dict is refused."""

import io
import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from hetsyn_sim.errors import CheckpointError, SpecError
from hetsyn_sim.models import HetSynLIF
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Network
from tests.refusal import refused

TAU, W, EXTRA = "layer_1.feedforward.tau_syn", "layer_1.feedforward.w", "layers.layer_1._extra_state"


def network(dt="1 ms", bounds=("10 ms", "200 ms"), dtype=torch.float64, initial="uniform(20 ms, 80 ms)", **options):
    model = HetSynLIF.with_parameters(tau_syn={"bounds": bounds, "initial": initial})
    made = Network(NetworkSpec(dt=dt, n_input=3, layers=[Layer(model, 2, True)]), **options)
    return made.to(dtype)


SOURCES = {
    "as it was": {},
    "another dt": {"dt": "0.5 ms"},
    "other bounds": {"bounds": ("1 ms", "1000 ms")},
    "bounds from 0": {"bounds": ("0 ms", "300 ms")},
    "clamped decays": {"time_constants": "rho_clamped"},
    "clamped decays of another dt": {"time_constants": "rho_clamped", "dt": "2 ms"},
    "tau itself": {"time_constants": "tau"},
    "tau itself of other bounds": {"time_constants": "tau", "bounds": ("1 ms", "1000 ms")},
    "not trained": {"trainable": False},
    "in single precision": {"dtype": torch.float32},
}


@pytest.mark.parametrize("target", SOURCES)
@pytest.mark.parametrize("source", SOURCES)
def test_values_stay_whatever_bounds_dt_and_parametrisation(source, target):
    made, other = network(seed=1, **SOURCES[source]), network(seed=2, **SOURCES[target])
    assert np.abs(other.values()[TAU] - made.values()[TAU]).max() > 1e-3
    other.load_state_dict(made.state_dict())
    single = torch.float32 in (SOURCES[source].get("dtype"), SOURCES[target].get("dtype"))
    # A decay near 1 - dt/tau, rounded to eps/2, moves tau by eps/2 * tau/dt, at most 160 eps/2 here. A logit moves tau by less.
    eps = np.finfo(np.float32 if single else np.float64).eps
    for key, value in made.values().items():
        np.testing.assert_allclose(other.values()[key], value, rtol=200 * eps, atol=eps, err_msg=key)


def test_a_state_dict_goes_bit_for_bit_through_files_into_a_network_that_is_built_alike(tmp_path):
    made = network(seed=1, dtype=torch.float32)
    file = io.BytesIO()
    torch.save(made.state_dict(), file)
    file.seek(0)
    copies = {name: tensor.detach().clone() for name, tensor in made.state_dict().items()}
    for state in (torch.load(file, weights_only=True), load(save(copies)), copies):
        other = network(seed=2, dtype=torch.float32)
        assert not other.load_state_dict(state).missing_keys
        assert all(torch.equal(a, b) for a, b in zip(other.state_dict().values(), made.state_dict().values(), strict=True))


def test_what_can_not_be_converted_is_refused():
    state = network(seed=1, initial="100 ms").state_dict()
    with refused(SpecError, "outside of its bounds", TAU, "0.1 to 0.1", "0.01 to 0.05"):
        network(bounds=("10 ms", "50 ms"), initial="20 ms").load_state_dict(state)
    clamped = network(time_constants="rho_clamped")
    with torch.no_grad():
        clamped.layers["layer_1"].raw(TAU)[0, 0] = 1.0  # an infinite time constant
    with refused(SpecError, "outside of its bounds", TAU, "inf"):
        network().load_state_dict(clamped.state_dict())
    short = network(bounds=("1 ms", "200 ms"), initial="2 ms", time_constants="tau").state_dict()
    with refused(SpecError, "outside of its bounds", TAU, "0.002 to 0.002", "0.01 to inf"):
        network(time_constants="tau").load_state_dict(short)


def test_a_time_constant_above_its_bounds_goes_on_where_they_do_not_apply():
    made, other = network(time_constants="tau", seed=1), network(time_constants="tau", seed=2)
    with torch.no_grad():
        made.layers["layer_1"].raw(TAU)[0] = torch.tensor([3.0, math.inf, 0.5])
    other.load_state_dict(made.state_dict())
    np.testing.assert_array_equal(other.values()[TAU], made.values()[TAU])
    clamped = network(time_constants="rho_clamped")
    clamped.load_state_dict(made.state_dict())
    # a decay near 1, rounded to eps/2, moves tau by eps/2 * tau/dt: 3 s are 3,000 steps
    np.testing.assert_allclose(clamped.values()[TAU][0], [3.0, math.inf, 0.5], rtol=3e3 * np.finfo(float).eps)


@pytest.mark.parametrize("strict", [True, False])
def test_numbers_without_a_meaning_are_refused_until_somebody_says_what_they_mean(strict):
    made, other = network(seed=1), network(seed=2)
    bare = {name: tensor for name, tensor in made.state_dict().items() if name != EXTRA}
    with refused(CheckpointError, "does not say what its numbers mean", EXTRA, remedy="bounds, dt and time_constants"):
        other.load_state_dict(bare, strict=strict)
    other.load_state_dict(bare | {EXTRA: other.state_dict()[EXTRA]})
    np.testing.assert_array_equal(other.values()[TAU], made.values()[TAU])
    assert other.load_state_dict({}, strict=False).missing_keys


def as_tensor(plain):
    return torch.tensor(list(json.dumps(plain).encode()), dtype=torch.uint8)


@pytest.mark.parametrize(
    "meaning",
    [
        torch.tensor([255, 254]),
        torch.tensor(3.0),
        "text",
        as_tensor([]),
        as_tensor({"units": {}, "maps": {TAU: {"map": "eval"}}}),
        as_tensor({"units": {}, "maps": {TAU: {"map": "Interval", "low": 0.0}}}),
        as_tensor({"units": {}, "maps": {TAU: {"map": "Interval", "low": 0.0, "high": float("inf")}}}),
    ],
    ids=["bytes", "number", "text", "list", "unknown map", "half a map", "infinite"],
)
def test_a_damaged_meaning_is_refused(meaning):
    made = network()
    with refused(CheckpointError, "does not say what its numbers mean", EXTRA):
        network().load_state_dict(made.state_dict() | {EXTRA: meaning})


def test_a_parameter_of_another_dimension_is_refused():
    state = network().state_dict()
    plain = json.loads(bytes(state[EXTRA].tolist()))
    state[EXTRA] = as_tensor({**plain, "units": {**plain["units"], W: "pA"}})
    with refused(CheckpointError, "another dimension", W, "pA"):
        network().load_state_dict(state)

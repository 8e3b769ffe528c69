"""What ships: each model against its published recursion, written out here by hand, and the facts of its file."""

import numpy as np
import pytest
from brian2 import ms

from hetsyn_sim.discrete import discretise, simulate_reference
from hetsyn_sim.errors import UnknownNameError
from hetsyn_sim.models import MODELS, REGISTRY, get_model
from hetsyn_sim.spec import UNBOUNDED, FanInNormal, Layer, NetworkSpec, Uniform

from ..refusal import refused

DT = 4e-3
N_STEPS, N_PRE, N_POST = 60, 4, 3


def test_models_are_found_by_name():
    assert all(get_model(name) is model and model.name == name for name, model in REGISTRY.items())


def test_an_unknown_model_is_refused():
    with refused(UnknownNameError, "unknown model", None, "'Perceptron'", "HetSynLIF", "NeuronModel of your own"):
        get_model("Perceptron")


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_has_an_exact_step_and_says_where_it_is_from(model):
    assert discretise(model).is_diagonal
    assert model.reference
    weight = model.parameters["w"]
    assert (weight.axes, weight.trainable, weight.si_bounds, weight.distribution) == ("post pre", True, UNBOUNDED, FanInNormal(1.0))


def test_time_constants_start_as_in_the_paper():
    """HetSyn's SHD experiment: uniform(5, 20) steps of 4 ms; the reset 20 steps (papers.md 1.5, where its dt = 1 ms is explained)."""
    tau = MODELS["HetSynLIF"].parameters["tau_syn"]
    assert (tau.axes, tau.distribution) == ("post pre", Uniform(5 * DT, 20 * DT))
    assert MODELS["HetSynLIF"].parameters["tau_reset"].distribution.value == 20 * DT
    assert MODELS["HetNeuLIF"].parameters["tau_mem"].axes == "post"
    assert MODELS["HomNeuLIF"].parameters["tau_mem"].axes == "layer"
    assert not MODELS["HomNeuLIF"].parameters["tau_mem"].trainable


def hetsyn(p, x):
    """Deng et al. 2025, eq. 5, 8, 9 and 4: one synapse and one neuron at a time."""
    rho, kappa = np.exp(-DT / p["tau_syn"]), np.exp(-DT / p.get("tau_reset", 1.0))
    current, reset, spikes = np.zeros((N_POST, N_PRE)), np.zeros(N_POST), np.zeros(N_POST)
    for row in x:
        current = rho * current + p["w"] * row
        reset = kappa * reset + p.get("theta", 0.0) * spikes
        v = current.sum(axis=1) - reset
        spikes = np.where(v > p.get("theta", np.inf), 1.0, 0.0)
        yield v


def lif(p, x):
    """Eq. 3 and 4."""
    rho = np.exp(-DT / p["tau_mem"])
    v, spikes = np.zeros(N_POST), np.zeros(N_POST)
    for row in x:
        v = rho * v + p["w"] @ row - p.get("theta", 0.0) * spikes
        spikes = np.where(v > p.get("theta", np.inf), 1.0, 0.0)
        yield v


def alif(p, x, normalised=False):
    """Proposition 2 as one recurrence for v: rho v + w x - (theta + a) z[t-1] - (rho_a - rho) J_a[t-1] (papers.md 1.1)."""
    rho, rho_a = np.exp(-DT / p["tau_mem"]), np.exp(-DT / p["tau_adapt"])
    a = p["a"] * (1 - rho_a if normalised else 1)
    v, adaptation, spikes = np.zeros(N_POST), np.zeros(N_POST), np.zeros(N_POST)
    for row in x:
        v = rho * v + p["w"] @ row - (p["theta"] + a) * spikes - (rho_a - rho) * adaptation
        adaptation = rho_a * adaptation + a * spikes
        spikes = np.where(v > p["theta"], 1.0, 0.0)
        yield v


RECURSIONS = {
    "HetSynLIF": hetsyn,
    "LeakyReadout": hetsyn,
    "HomNeuLIF": lif,
    "HetNeuLIF": lif,
    "HomNeuReadout": lif,
    "HetNeuReadout": lif,
    "HomNeuALIF": alif,
    "HomNeuALIFNormalised": lambda p, x: alif(p, x, normalised=True),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_the_recursion_that_its_paper_prints(name):
    model = MODELS[name]
    changes = {"w": {"initial": FanInNormal(3.0)}}
    if "a" in model.parameters:
        changes |= {"a": {"initial": 0.3}, "tau_adapt": {"initial": 100 * ms}}  # an adaptation that shows within 60 steps
    model = model.with_parameters(**changes)
    layer = Layer(model, N_POST)
    if model.spiking:
        spec, population = NetworkSpec(DT, N_PRE, [layer]), "layer_1"
    else:  # a readout needs a layer: one that hands its input on, each neuron spiking whenever its channel does
        relay = MODELS["HomNeuLIF"].with_parameters(w={"initial": 0.0}, tau_mem={"initial": 1e-6})
        spec, population = NetworkSpec(DT, N_PRE, [Layer(relay, N_PRE)], readout=layer), "readout"
    x = np.random.default_rng(5).random((N_STEPS, 1, N_PRE)) < 0.3
    values = spec.initial_values(1)
    if not model.spiking:
        values["layer_1.feedforward.w"] = 3.0 * np.eye(N_PRE)  # above theta, also right after a reset by theta
    recording = simulate_reference(spec, values, x)
    own = {key.rsplit(".", 1)[1]: value for key, value in values.items() if key.startswith(population)}
    expected = np.array(list(RECURSIONS[name](own, x[:, 0].astype(float))))
    # |v| stays below 20, and 60 steps of a handful of operations each lose at most about 60 * 10 * 20 * 2^-53 = 1.4e-12
    np.testing.assert_allclose(recording.traces[f"{population}.v"][:, 0], expected, rtol=0, atol=1.4e-12)
    if model.spiking:
        assert 10 < recording.rasters[population].sum() < N_STEPS * N_POST - 10
    else:
        np.testing.assert_array_equal(recording.rasters["layer_1"], x)

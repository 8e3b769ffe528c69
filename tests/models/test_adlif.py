"""AdLIF's published forms against their recursions, and where they are stable."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from hetsyn_sim.discrete import simulate_reference, stepped
from hetsyn_sim.discrete.operations import NUMPY
from hetsyn_sim.discrete.schemes import ACTIVE
from hetsyn_sim.discrete.stepping import constants_of
from hetsyn_sim.discrete.tape import run_tape
from hetsyn_sim.models import RESET_FIRST, AdLIF, EulerAdLIF, HetSynAdLIF, SparchAdLIF, SymplecticAdLIF
from hetsyn_sim.report.plots.stability import adlif_eigenvalues, largest_coupling
from hetsyn_sim.spec import DEFAULT_STEP_ORDER, Layer, NetworkSpec, StepOrder
from hetsyn_sim.training import load_recipe

DT = 1e-3
N_IN, N, T = 20, 12, 400


# -- the recursions as published (Baronig et al. 2025; Bittar and Garner 2022), step by step ----------------------------------------------


def baronig(p, x, symplectic):
    alpha, beta = np.exp(-DT / p["tau_u"]), np.exp(-DT / p["tau_w"])
    u, w, z = np.zeros(N), np.zeros(N), np.zeros(N)
    for row in x:
        current = p["W"] @ row + p["bias"] + p["V"] @ z
        u_new = alpha * u + (1 - alpha) * (current - w)
        z_new = (u_new > p["theta"]).astype(float)
        after = u_new * (1 - z_new)
        yield u_new, w if symplectic else beta * w + (1 - beta) * p["q"] * (p["a"] * u + p["b"] * z), z_new
        seen = (after, z_new) if symplectic else (u, z)
        u, w, z = after, beta * w + (1 - beta) * p["q"] * (p["a"] * seen[0] + p["b"] * seen[1]), z_new


def sparch(p, x):
    alpha, beta = np.exp(-DT / p["tau_u"]), np.exp(-DT / p["tau_w"])
    u, w, z = np.zeros(N), np.zeros(N), np.zeros(N)
    for row in x:
        w = beta * w + p["a"] * u + p["b"] * z
        u = alpha * (u - z) + (1 - alpha) * (p["W"] @ row + p["bias"] + p["V"] @ z - w)
        z = (u > p["theta"]).astype(float)
        yield u, w, z


#: Model -> recursion. The symplectic model's w_a is the published w of the step before, which is what the recursion hands out.
PUBLISHED = {
    EulerAdLIF: lambda p, x: baronig(p, x, symplectic=False),
    SymplecticAdLIF: lambda p, x: baronig(p, x, symplectic=True),
    SparchAdLIF: sparch,
}


def network(model, size=N, **changes):
    return NetworkSpec(DT, N_IN, [Layer(model.with_parameters(**changes), size, recurrent=True)])


def run(model, seed, form=None):
    """A simulation of the model, and the published recursion (of ``form``, if that is another model)."""
    spec = network(model)
    rng = np.random.default_rng(seed)
    values = spec.initial_values(seed) | {"layer_1.neuron.bias": rng.normal(0, 0.2, N)}
    x = rng.random((T, 1, N_IN)) < 0.08
    own = {key.rsplit(".", 1)[1]: value for key, value in values.items() if ".neuron." in key}
    own |= {"W": values["layer_1.feedforward.w"], "V": values["layer_1.recurrent.w"]}
    expected = [np.array(part) for part in zip(*PUBLISHED[form or model](own, x[:, 0].astype(float)), strict=True)]
    return simulate_reference(spec, values, x, record=("v", "w_a")), expected


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("model", PUBLISHED, ids=lambda model: model.name)
def test_a_form_is_the_published_recursion_spike_for_spike_and_value_for_value(model, seed):
    recording, (u, w, z) = run(model, seed)
    np.testing.assert_array_equal(recording.rasters["layer_1"][:, 0], z > 0)
    # a step is about 20 operations on numbers below 100 that lose 2^-53 each, and 400 steps of a contraction add up
    np.testing.assert_allclose(recording.traces["layer_1.v"][:, 0], u, rtol=0, atol=T * 20 * 100 * 2.0**-53)
    np.testing.assert_allclose(recording.traces["layer_1.w_a"][:, 0], w, rtol=0, atol=T * 20 * 100 * 2.0**-53)
    assert z.sum() > 200


@pytest.mark.parametrize("model", [EulerAdLIF, SymplecticAdLIF], ids=lambda model: model.name)
def test_in_another_order_it_is_another_neuron(model):
    assert model.step_order == RESET_FIRST == StepOrder(("reset", "decay", "recurrent", "feedforward", "threshold"))
    recording, (_, _, z) = run(replace(model, step_order=DEFAULT_STEP_ORDER), 0, form=model)
    assert np.sum(recording.rasters["layer_1"][:, 0] != (z > 0)) > 10


def test_the_discrete_forms_tend_to_the_exact_one():
    """A pulse without spikes: halving dt halves the distance. Jumps of u are the same in all: w (1 - alpha) is made w."""
    tau_u, tau_w, a, q = 10e-3, 100e-3, 0.5, 60.0
    found = {}
    for dt in (1e-3, 0.5e-3):
        for model in (AdLIF, EulerAdLIF, SymplecticAdLIF):
            spec = NetworkSpec(dt, 1, [Layer(model, 1)])
            w = 1.0 if model is AdLIF else 1.0 / -np.expm1(-dt / tau_u)
            values = spec.initial_values(0) | {
                **{f"layer_1.neuron.{name}": np.array([value]) for name, value in {"tau_u": tau_u, "tau_w": tau_w, "a": a}.items()},
                **{"layer_1.feedforward.w": np.array([[w]]), "layer_1.neuron.q": np.array(q), "layer_1.neuron.theta": np.array(1e9)},
            }
            x = np.zeros((round(0.2 / dt), 1, 1))
            x[0] = 1
            found[model.name, dt] = simulate_reference(spec, values, x).traces["layer_1.v"][:: round(1e-3 / dt), 0, 0]
    for name in ("EulerAdLIF", "SymplecticAdLIF"):
        coarse, fine = (np.abs(found[name, dt] - found["AdLIF", dt]).max() for dt in (1e-3, 0.5e-3))
        assert 1.7 < coarse / fine < 2.4


# -- stability ----------------------------------------------------------------------------------------------------------------------------

FORMS = {"exact": AdLIF, "symplectic": SymplecticAdLIF, "euler": EulerAdLIF}
TIMES = [(5e-3, 60e-3), (25e-3, 60e-3), (5e-3, 300e-3), (25e-3, 300e-3)]  # the corners of the published ranges


def step_matrix(model, coupling, tau_u, tau_w):
    """What one decay does to (u, w_a), from the tape that NumPy, torch and the generated code run."""
    program = stepped(model)
    values = {"dt": DT, "tau_u": tau_u, "tau_w": tau_w, "a": coupling, "q": 1.0, "bias": 0.0, "b": 0.0, "theta": 1.0, "tau_z": 1e-7}
    constants = constants_of(program, {name: np.float64(value) for name, value in values.items()})
    columns = []
    for name in ("u", "w_a"):
        states = {x: np.float64(x == name) for x in program.states}
        after = dict(zip(program.states, run_tape(program.advance, {**constants, **states, str(ACTIVE): True}, NUMPY), strict=True))
        columns.append([float(after["u"]), float(after["w_a"])])
    return np.array(columns).T


@pytest.mark.parametrize(("tau_u", "tau_w"), TIMES)
@pytest.mark.parametrize("form", FORMS)
def test_the_eigenvalues_are_those_of_the_step(form, tau_u, tau_w):
    for coupling in (0.3, 3.0, 60.0, 120.0, 900.0):
        found = np.linalg.eigvals(step_matrix(FORMS[form], coupling, tau_u, tau_w))
        expected = adlif_eigenvalues(form, np.array(coupling), tau_u, tau_w, DT)
        np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(expected), rtol=1e-9)


@pytest.mark.parametrize(("tau_u", "tau_w"), TIMES)
@pytest.mark.parametrize("form", ["symplectic", "euler"])
def test_a_form_is_unstable_just_above_its_boundary_and_stable_just_below(form, tau_u, tau_w):
    alpha, beta = np.exp(-DT / tau_u), np.exp(-DT / tau_w)
    published = (1 - alpha * beta if form == "euler" else (1 + alpha) * (1 + beta)) / ((1 - alpha) * (1 - beta))
    edge = largest_coupling(form, tau_u, tau_w, DT)
    assert edge == pytest.approx(published, rel=1e-12)
    for factor, unstable in ((0.9, False), (0.999, False), (1.001, True), (1.1, True)):
        radius = np.abs(np.linalg.eigvals(step_matrix(FORMS[form], factor * edge, tau_u, tau_w))).max()
        assert (radius > 1) == unstable


@pytest.mark.parametrize(("tau_u", "tau_w"), TIMES)
def test_the_exact_step_never_grows_and_the_symplectic_one_decays_as_the_exact_one(tau_u, tau_w):
    """Wherever they oscillate, |lambda|^2 = exp(-dt (1/tau_u + 1/tau_w)) in both, whatever A is; in EF it grows with A."""
    for coupling in (60.0, 120.0, 240.0):
        kept = {form: np.abs(np.linalg.eigvals(step_matrix(model, coupling, tau_u, tau_w))).max() for form, model in FORMS.items()}
        assert kept["exact"] == pytest.approx(np.exp(-DT / 2 * (1 / tau_u + 1 / tau_w)), rel=1e-9)
        assert kept["symplectic"] == pytest.approx(kept["exact"], rel=1e-9)
        assert kept["euler"] > kept["exact"] * 1.003
    for coupling in (1e3, 1e5):
        assert np.abs(np.linalg.eigvals(step_matrix(AdLIF, coupling, tau_u, tau_w))).max() < 1


def test_the_published_ranges_are_inside_the_boundaries():
    """q a is at most 120 with SE and 60 with EF; EF with SE's 120 would be unstable where the time constants are shortest."""
    for tau_u, tau_w in TIMES:
        assert largest_coupling("symplectic", tau_u, tau_w, DT) > 120
        assert largest_coupling("euler", tau_u, tau_w, DT) > 60
    assert largest_coupling("euler", *TIMES[0], DT) < 120


def test_sparch_below_a_negative_a_feeds_itself():
    """Its a is not scaled with 1 - beta: from a = -(1 - beta) on, an eigenvalue is above 1 (published range: from -1 on)."""
    tau_u, tau_w = 10e-3, 60e-3
    edge = -(1 - np.exp(-DT / tau_w))
    radius = [np.abs(np.linalg.eigvals(step_matrix(SparchAdLIF, factor * edge, tau_u, tau_w))).max() for factor in (0.99, 1.01)]
    assert radius[0] < 1 < radius[1]


# -- with synapses of HetSyn --------------------------------------------------------------------------------------------------------------


def test_one_time_constant_for_all_synapses_is_one_synaptic_state_per_neuron():
    tied = HetSynAdLIF.with_parameters(tau_syn={"axes": "layer", "initial": 8 * ms})
    one_state = replace(
        tied,
        name="OneCurrent",
        synapse="",
        on_pre="I_s_post += w",
        neuron=tied.neuron.replace("I_syn", "I_s") + "\ndI_s/dt = -I_s/tau_syn : 1",
    )
    x = np.random.default_rng(3).random((T, 3, N_IN)) < 0.08
    found = []
    for model in (tied, one_state):
        spec = network(model)
        values = network(tied).initial_values(2)
        if model is one_state:  # the time constant is the neuron's then, not the projections'
            values = {key: value for key, value in values.items() if not key.endswith("tau_syn")} | {"layer_1.neuron.tau_syn": 8e-3}
        found.append(simulate_reference(spec, values, x))
    np.testing.assert_array_equal(found[0].rasters["layer_1"], found[1].rasters["layer_1"])
    np.testing.assert_allclose(found[0].traces["layer_1.v"], found[1].traces["layer_1.v"], rtol=0, atol=T * 20 * 100 * 2.0**-53)
    assert found[0].rasters["layer_1"].sum() > 200


def test_the_recipe_is_the_published_network():
    """Two layers of 360 with 140 inputs: 450,020 parameters in the publication, whose readout has 20 biases, and ours none."""
    spec = load_recipe("shd-symplectic-adlif").spec("4 ms", n_input=140, n_classes=20)
    assert spec.step_order == RESET_FIRST
    assert sum(int(np.prod(slot.shape)) for slot in spec.slots.values() if slot.parameter.trainable) == 450_000
    steps = {name: np.array(spec.slots[f"layer_1.neuron.{name}"].parameter.si_bounds) / spec.dt_s for name in ("tau_u", "tau_w")}
    np.testing.assert_allclose(steps["tau_u"], [5, 25])
    np.testing.assert_allclose(steps["tau_w"], [60, 300])

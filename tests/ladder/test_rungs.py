"""Each rung: what it makes of a network, against another route to it."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import TransferError
from hetsyn_sim.ladder import RUNGS, Setting
from hetsyn_sim.models import HetSynLIF, HomNeuALIF, HomNeuLIF, LeakyReadout, TsodyksMarkramLIF
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec

RUNG = {rung.name: rung for rung in RUNGS}
LIVELY = HetSynLIF.with_parameters(w={"initial": FanInNormal(2.5)})


def apply(name, setting, strength, seed=0):
    return RUNG[name].apply(setting, strength, np.random.default_rng(seed))


@pytest.fixture
def setting():
    spec = NetworkSpec("1 ms", 12, [Layer(LIVELY, 7, recurrent=True), Layer(LIVELY, 5)], Layer(LeakyReadout, 3))
    return Setting(spec, spec.initial_values(0), np.random.default_rng(0).random((60, 4, 12)) < 0.15)


def simulated(setting, **options):
    return BrianSimulation(setting.spec, setting.values, additions=setting.additions, **options).run(setting.raster)


def test_the_ladder_has_all_rungs_in_order():
    assert [rung.number for rung in RUNGS] == sorted(rung.number for rung in RUNGS)
    assert {rung.number for rung in RUNGS} == set(range(1, 7))
    assert len({rung.name for rung in RUNGS}) == len(RUNGS)
    assert all(list(rung.strengths) == sorted(rung.strengths, reverse=rung.name == "conductances") for rung in RUNGS)


@pytest.mark.parametrize("model", [LIVELY, HomNeuLIF, HomNeuALIF], ids=lambda m: m.name)
def test_physical_units_say_millivolts_and_picoamperes(model, setting):
    spec = NetworkSpec("1 ms", 12, [Layer(model, 5)])
    other = apply("physical units", Setting(spec, spec.initial_values(0), setting.raster), 15.0)
    changed = other.spec.layers[0].model
    assert changed.parameters["theta"].unit == "mV"
    assert other.values["layer_1.neuron.theta"] == pytest.approx(15e-3)
    if model is LIVELY:
        assert changed.parameters["w"].unit == "pA"
        assert "v = R_m*I_syn - R : volt" in changed.neuron
        current = other.values["layer_1.feedforward.w"] * other.values["layer_1.neuron.R_m"]
        np.testing.assert_allclose(current, 15e-3 * spec.initial_values(0)["layer_1.feedforward.w"], rtol=1e-14)
    else:
        assert changed.parameters["w"].unit == "mV"


def test_a_membrane_with_capacitance_solves_its_equation(setting):
    """tau_mem dV/dt = -V + sum of I, by SciPy, without spikes: one neuron, three synapses, among them one with tau_mem's own tau."""
    spec = NetworkSpec("1 ms", 3, [Layer(HetSynLIF, 1)])
    values = spec.initial_values(0) | {"layer_1.neuron.theta": np.array(1e9)}
    taus = np.array([3e-3, 4e-3, 25e-3])
    values["layer_1.feedforward.tau_syn"] = taus[None].copy()
    raster = np.zeros((40, 1, 3), dtype=bool)
    raster[2, 0, 0] = raster[5, 0, 1] = raster[5, 0, 2] = raster[20, 0, 0] = True
    other = apply("membrane capacitance", Setting(spec, values, raster), 4.0)
    v = simulated(other).traces["layer_1.v"][:, 0, 0]
    w = values["layer_1.feedforward.w"][0]

    def slope(_, y):
        return np.concatenate([-y[:3] / taus, [(y[:3].sum() - y[3]) / 4e-3]])

    y, found = np.zeros(4), []
    for step in range(40):
        if step:
            y = solve_ivp(slope, (0, 1e-3), y, rtol=1e-11, atol=1e-13).y[:, -1]
        y[:3] += w * raster[step, 0]
        found.append(y[3])
    # the synapse with tau_mem's own time constant is moved by a thousandth of it, and dV/dlog(tau) is at most w
    np.testing.assert_allclose(v, found, rtol=0, atol=2e-3 * abs(w[1]) + 1e-9)


def test_conductances_give_the_currents_current_at_half_the_threshold(setting):
    """One synapse: g E / (1 + g) = v + w (1 - v / (theta/2 ...)); at a driving force of E - theta/2 the current is w."""
    other = apply("conductances", setting, 70.0)
    w = setting.values["layer_1.feedforward.w"]
    g, reversal = (other.values[f"layer_1.feedforward.{name}"] for name in ("g_max", "E_rev"))
    assert (g >= 0.0).all()
    np.testing.assert_allclose(g * (reversal - 0.5), w, rtol=1e-12)
    assert set(np.unique(np.round(reversal, 12))) == {round(-70 / 15 / 4, 12), round(70 / 15, 12)}
    assert other.spec.readout == setting.spec.readout


def test_conductances_divide_the_current_by_what_is_open():
    """v = (sum of g E) / (1 + sum of g), where every g of a synapse decays by itself: written out in NumPy."""
    spec = NetworkSpec("1 ms", 6, [Layer(LIVELY, 3)])
    values = spec.initial_values(0)
    raster = np.random.default_rng(0).random((40, 1, 6)) < 0.3
    other = apply("conductances", Setting(spec, values, raster), 70.0)
    g_max, reversal, tau = (other.values[f"layer_1.feedforward.{name}"] for name in ("g_max", "E_rev", "tau_syn"))
    g, found = np.zeros((3, 6)), []
    for now in raster[:, 0]:
        g = g * np.exp(-1e-3 / tau) + g_max * now
        found.append((g * reversal).sum(axis=1) / (1.0 + g.sum(axis=1)))
    quiet = other.values | {"layer_1.neuron.theta": np.array(1e6)}
    v = BrianSimulation(other.spec, quiet).run(raster).traces["layer_1.v"][:, 0]
    np.testing.assert_allclose(v, found, rtol=1e-10, atol=1e-12)


def test_large_reversal_potentials_are_currents():
    """v = (sum g E) / (1 + sum g), with g E = w / (1 - 1/(2E)) and g = O(1/E): the difference is O(1/E), a tenth for ten times E."""
    spec = NetworkSpec("1 ms", 6, [Layer(LIVELY.with_parameters(theta={"initial": 1e6}), 3)])
    values = spec.initial_values(0)
    raster = np.random.default_rng(0).random((40, 2, 6)) < 0.3
    exact = simulate_reference(spec, values, raster).traces["layer_1.v"]
    off = []
    for reversal in (1e5, 1e6, 1e7):
        other = apply("conductances", Setting(spec, values | {"layer_1.neuron.theta": np.array(1.0)}, raster), reversal)
        out_of_reach = other.values | {"layer_1.neuron.theta": np.array(1e6)}
        v = BrianSimulation(other.spec, out_of_reach).run(raster).traces["layer_1.v"]
        off.append(np.abs(v - exact).max())
    assert off[0] / off[1] == pytest.approx(10, rel=0.1)
    assert off[1] / off[2] == pytest.approx(10, rel=0.1)


def test_a_refractory_neuron_rests_for_its_period(setting):
    before, after = (simulated(s, form="fast").rasters["layer_1"] for s in (setting, apply("refractoriness", setting, 4.0)))
    shortest = [min(np.diff(np.flatnonzero(train)).min(initial=99) for train in raster.reshape(60, -1).T) for raster in (before, after)]
    assert shortest[0] < 4 <= shortest[1] < 8


def test_axonal_delays_are_one_for_each_axon(setting):
    other = apply("axonal delays", setting, 4.0)
    for q in setting.spec.projections:
        delays = other.additions.delays[q.name]
        assert delays.shape == (q.n_post, q.n_pre)
        assert (delays == delays[:1]).all()
        assert ((delays >= 2e-3) & (delays <= 6e-3)).all()
    assert len(np.unique(other.additions.delays["layer_1.feedforward"])) == 12


def test_jitter_moves_spikes_by_a_gaussian(setting):
    raster = np.zeros((400, 50, 12), dtype=bool)
    raster[200] = True
    moved = apply("jitter", Setting(setting.spec, setting.values, raster), 5.0).raster
    steps = np.nonzero(moved)[0]
    n = len(steps)
    assert n == 600
    assert steps.mean() == pytest.approx(200, abs=5 * 5 / np.sqrt(n))
    assert steps.std() == pytest.approx(np.sqrt(25 + 1 / 12), abs=5 * 5 / np.sqrt(2 * n))


def test_mismatch_is_lognormal_and_touches_every_number(setting):
    other = apply("mismatch", setting, 0.3)
    for key in ("layer_1.feedforward.w", "layer_1.feedforward.tau_syn"):
        factor = np.log(other.values[key] / setting.values[key]).ravel()
        assert factor.std() == pytest.approx(0.3, abs=5 * 0.3 / np.sqrt(2 * factor.size))
        assert factor.mean() == pytest.approx(0.0, abs=5 * 0.3 / np.sqrt(factor.size))
    assert len(np.unique(other.values["layer_1.neuron.theta"])) == 7


@pytest.mark.parametrize("name", ["axonal delays", "noise", "jitter", "mismatch"])
def test_what_is_random_depends_on_the_seed_alone(name, setting):
    strength = RUNG[name].strengths[-1]
    a, b, c = (simulated(apply(name, setting, strength, seed), form="fast") for seed in (1, 1, 2))
    np.testing.assert_array_equal(a.rasters["layer_1"], b.rasters["layer_1"])
    assert (a.rasters["layer_1"] != c.rasters["layer_1"]).any()


@pytest.mark.parametrize("name", ["membrane capacitance", "conductances"])
def test_a_model_without_synaptic_currents_is_refused(name, setting):
    spec = NetworkSpec("1 ms", 12, [Layer(HomNeuLIF, 5)])
    with pytest.raises(TransferError, match=rf"rung '{name}' can't be applied(.|\n)*current I at every synapse"):
        apply(name, Setting(spec, spec.initial_values(0), setting.raster), 1.0)


def test_what_has_units_already_is_refused(setting):
    other = apply("physical units", setting, 15.0)
    with pytest.raises(TransferError, match="'physical units' can't be applied"):
        apply("physical units", other, 15.0)


def test_synapses_that_do_more_than_add_have_no_physical_units_yet(setting):
    spec = NetworkSpec("1 ms", 12, [Layer(TsodyksMarkramLIF, 5)])
    with pytest.raises(TransferError, match=r"'physical units' can't be applied(.|\n)*spikes that add a current"):
        apply("physical units", Setting(spec, spec.initial_values(0), setting.raster), 15.0)


def test_what_has_a_name_for_noise_is_refused(setting):
    with pytest.raises(TransferError, match="nothing is called noise"):
        apply("noise", apply("noise", setting, 0.1), 0.1)

"""Each rung: what it makes of a network, against another route to it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.errors import TransferError
from hetsyn_sim.ladder import RUNGS, Setting
from hetsyn_sim.models import HetSynLIF, HomNeuALIF, HomNeuLIF, LeakyReadout, TsodyksMarkramLIF
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec, StepOrder

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
    assert {rung.number for rung in RUNGS} == set(range(1, 8))
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
    assert (g_max >= 0.0).all()
    np.testing.assert_array_equal(np.unique(np.round(reversal, 12)), np.round([-70 / 15 / 4, 70 / 15], 12))


@pytest.mark.parametrize("reversal", [15.5, 70.0, 2000.0])
@pytest.mark.parametrize("units", [False, True], ids=["numbers", "volts"])
def test_conductances_spike_when_the_currents_do(reversal, units, setting):
    """In every neuron and step of two layers, however near to the threshold excitation reverses."""
    before = apply("physical units", setting, 15.0) if units else setting
    other = apply("conductances", before, reversal)
    assert other.spec.readout == before.spec.readout
    one, two = simulated(before), simulated(other)
    for name in ("layer_1", "layer_2"):
        assert one.rasters[name].sum() > 50
        np.testing.assert_array_equal(one.rasters[name], two.rasters[name])
    np.testing.assert_allclose(two.traces["readout.v"], one.traces["readout.v"], rtol=1e-10, atol=1e-12)


def test_excitation_below_the_threshold_is_refused(setting):
    with pytest.raises(TransferError, match="excitation can't reach the threshold"):
        apply("conductances", setting, 15.0)


def membrane_alone(dt, theta, tau_mem=5.0, reversal=70.0):
    """One neuron with 6 synapses of either sign, with conductances and a capacitance; inputs at the same times, whatever dt is."""
    spec = NetworkSpec(dt, 6, [Layer(LIVELY, 1)])
    rng = np.random.default_rng(3)
    values = spec.initial_values(0) | {"layer_1.feedforward.w": np.array([[2.0, 1.5, -1.0, 1.8, -0.7, 1.2]]), "layer_1.neuron.theta": theta}
    raster = np.zeros((round(0.06 / spec.dt_s), 1, 6), dtype=bool)
    per_ms = round(1e-3 / spec.dt_s)
    for step, channel in zip(rng.integers(0, 40, 14), rng.integers(0, 6, 14), strict=True):
        raster[step * per_ms, 0, channel] = True
    currents = Setting(spec, values, raster)
    with_capacitance = apply("membrane capacitance", currents, tau_mem)
    return with_capacitance, apply("conductances", with_capacitance, reversal)


def test_a_membrane_with_conductances_solves_its_equation():
    """tau_mem dv/dt = -v + sum of g (E - v), by SciPy: the error is that of conductances held over a step, half for half the step."""
    errors = []
    for dt in (0.1, 0.05):
        _, other = membrane_alone(f"{dt} ms", np.array(1e6))
        g_max, reversal, tau = (other.values[f"layer_1.feedforward.{name}"][0] for name in ("g_max", "E_rev", "tau_syn"))
        v = simulated(other).traces["layer_1.v"][:: round(1 / dt), 0, 0]
        y, found = np.zeros(7), []

        def slope(_, y, reversal=reversal, tau=tau):
            return np.concatenate([-y[:6] / tau, [(-y[6] + (y[:6] * (reversal - y[6])).sum()) / 5e-3]])

        for millisecond in range(60):
            if millisecond:
                y = solve_ivp(slope, (0, 1e-3), y, rtol=1e-10, atol=1e-12).y[:, -1]
            found.append(y[6])
            y[:6] += g_max * other.raster[millisecond * round(1 / dt), 0]
        errors.append(np.abs(v - found).max() / np.abs(found).max())
    assert errors[0] < 0.02
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)


def test_far_reversal_potentials_on_a_membrane_are_currents_and_the_reset_is_the_same():
    """v = V - R, R += theta, against a jump of v and an after-current: spikes within a step, v to first order of it."""
    errors = []
    for dt in (0.1, 0.05):
        one, other = (simulated(s) for s in membrane_alone(f"{dt} ms", np.array(1.0), reversal=1e7))
        here, there = (np.flatnonzero(recording.rasters["layer_1"]) for recording in (one, other))
        assert len(here) == len(there) > 5
        assert np.abs(here - there).max() <= 1
        errors.append(np.median(np.abs(one.traces["layer_1.v"] - other.traces["layer_1.v"])))  # where spikes are a step apart it is theta
    assert errors[0] < 0.005
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.2)


def test_a_membrane_slower_than_the_reset_is_refused(setting):
    with pytest.raises(TransferError, match=r"a conductance below 0(.|\n)*tau_mem = 90 ms, tau_reset = 80 ms"):
        apply("conductances, capacitance", setting, 90.0)


def test_lags_kept_are_those_of_the_trained_network(setting):
    """Refractory and late by one old step; the reset is larger by what decays in the rest of it."""
    other = apply("refined dt, lags kept", setting, 5)
    assert other.spec.dt_s == pytest.approx(2e-4)
    assert other.values["layer_1.recurrent.delay"] == pytest.approx(0.8e-3)
    assert other.values["layer_1.feedforward.delay"] == 0.0
    raster = simulated(other, form="fast").rasters["layer_1"]
    assert min(np.diff(np.flatnonzero(train)).min(initial=99) for train in raster.reshape(len(raster), -1).T) >= 5
    assert other.spec.layers[0].model.reset == "R += (theta)*exp(lag/tau_reset)"


def test_lags_of_a_step_that_decays_last_are_refused(setting):
    spec = replace(setting.spec, step_order=StepOrder(("reset", "decay", "recurrent", "feedforward", "threshold")))
    with pytest.raises(TransferError, match="'refined dt, lags kept' can't be applied"):
        apply("refined dt, lags kept", replace(setting, spec=spec), 5)


def test_dales_law_is_the_nearest_network_with_one_sign_for_each_neuron(setting):
    """Of the two networks that give a neuron one sign, the one that takes less away; the readout keeps what it has."""
    other = apply("Dale's law", setting, 1.0)
    np.testing.assert_array_equal(other.values["readout.feedforward.w"], setting.values["readout.feedforward.w"])
    for keys in (["layer_1.feedforward.w"], ["layer_1.recurrent.w", "layer_2.feedforward.w"]):  # of the input, of the first layer
        before, after = (np.concatenate([s.values[key] for key in keys]) for s in (setting, other))
        taken = ((after - before) ** 2).sum(axis=0)
        np.testing.assert_allclose(taken, np.minimum(*((np.clip(sign * before, 0, None) ** 2).sum(axis=0) for sign in (1, -1))), rtol=1e-12)
        assert ((after >= 0).all(axis=0) | (after <= 0).all(axis=0)).all()
        assert (before[after != 0] == after[after != 0]).all()
    half = apply("Dale's law", setting, 0.5).values["layer_1.feedforward.w"]
    whole, none = other.values["layer_1.feedforward.w"], setting.values["layer_1.feedforward.w"]
    np.testing.assert_allclose(half, 0.5 * (whole + none), rtol=1e-12)


def test_the_climb_stacks_its_changes(setting):
    """The last network has all of them; the same as one after the other by hand, with the same random numbers."""
    coarse = replace(setting, spec=replace(setting.spec, dt="4 ms"), raster=setting.raster[:20])
    rng, by_hand = np.random.default_rng(0), coarse
    for name, strength in (
        ("physical units", 15.0),
        ("refined dt, lags kept", 4),
        ("membrane capacitance", 10.0),
        ("axonal delays", 2.0),
        ("conductances", 70.0),
        ("noise", 0.1),
    ):
        by_hand = RUNG[name].apply(by_hand, strength, rng)
    other = apply("climb", coarse, 6)
    assert other.spec == by_hand.spec
    assert other.additions == by_hand.additions
    assert all(np.array_equal(other.values[key], by_hand.values[key]) for key in by_hand.values)
    model = other.spec.layers[0].model
    assert "dv/dt = (R_m*(h_syn + g_R*E_K) - v*(1 + R_m*(g_syn + g_R)))/tau_mem : volt" in model.neuron
    assert (model.threshold, model.refractory) == ("v + noise > theta", "t_ref")
    one, two = simulated(coarse), simulated(apply("climb", coarse, 1))
    np.testing.assert_array_equal(one.rasters["layer_2"], two.rasters["layer_2"])


def test_a_refractory_neuron_rests_for_its_period(setting):
    before, after = (simulated(s, form="fast").rasters["layer_1"] for s in (setting, apply("refractoriness", setting, 4.0)))
    shortest = [min(np.diff(np.flatnonzero(train)).min(initial=99) for train in raster.reshape(60, -1).T) for raster in (before, after)]
    assert shortest[0] < 4 <= shortest[1] < 8


def test_axonal_delays_are_one_for_each_axon(setting):
    other = apply("axonal delays", setting, 4.0)
    for q in setting.spec.projections:
        delays = other.values[f"{q.name}.delay"]
        assert delays.shape == (q.n_post, q.n_pre)
        assert (delays == delays[:1]).all()
        assert ((delays >= 2e-3) & (delays <= 6e-3)).all()
    assert len(np.unique(other.values["layer_1.feedforward.delay"])) == 12
    again = apply("axonal delays", other, 4.0, seed=1)  # on top of what is there
    assert again.values["layer_1.feedforward.delay"].mean() == pytest.approx(8e-3, abs=2e-3)


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


@pytest.mark.parametrize("name", ["axonal delays", "noise", "jitter", "mismatch", "climb"])
def test_what_is_random_depends_on_the_seed_alone(name, setting):
    strength = RUNG[name].strengths[-1]
    a, b, c = (simulated(apply(name, setting, strength, seed), form="fast") for seed in (1, 1, 2))
    np.testing.assert_array_equal(a.rasters["layer_1"], b.rasters["layer_1"])
    assert (a.rasters["layer_1"] != c.rasters["layer_1"]).any()


@pytest.mark.parametrize("name", ["membrane capacitance", "conductances"])
def test_a_model_without_synaptic_currents_is_refused(name, setting):
    spec = NetworkSpec("1 ms", 12, [Layer(HomNeuLIF, 5)])
    with pytest.raises(TransferError, match=rf"rung '{name}' can't be applied(.|\n)*current I at every synapse"):
        apply(name, Setting(spec, spec.initial_values(0), setting.raster), 20.0)


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

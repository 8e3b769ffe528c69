"""The report says what is really in Brian2."""

import gc
import json

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.spec import NetworkSpec, StepOrder

TAU = "layer_1.feedforward.tau_syn"


@pytest.fixture
def simulation(spec, values):
    values[TAU][0, :3] = [0.0, 0.0, np.inf]
    return BrianSimulation(spec, values)


def test_names_are_those_of_the_network(simulation):
    report, network = simulation.report, simulation.network
    assert [(p.name, p.group, p.size) for p in report.populations] == [
        ("layer_1", "layer_1", 7),
        ("layer_2", "layer_2", 5),
        ("readout", "readout", 2),
    ]
    for population in report.populations:
        assert isinstance(network[population.group], NeuronGroup)
    for projection in report.projections:
        assert isinstance(network[projection.synapses], Synapses)
        assert len(network[projection.synapses]) == projection.n_synapses
    assert {p.name: p.n_synapses for p in report.projections}["layer_1.recurrent"] == 7 * 6


def test_every_parameter_is_listed_with_its_variable_and_its_values_in_display_units(simulation, spec, values):
    parameters = {p.key: p for p in simulation.report.parameters}
    assert set(parameters) == set(spec.slots)
    tau = parameters["layer_1.recurrent.tau_syn"]
    off_diagonal = values[tau.key][~np.eye(7, dtype=bool)] * 1e3
    assert (tau.variable, tau.unit, tau.n_values) == ("layer_1_recurrent.tau_syn", "ms", 42)
    np.testing.assert_allclose((tau.minimum, tau.median, tau.maximum), [f(off_diagonal) for f in (np.min, np.median, np.max)])
    for parameter in parameters.values():
        owner, name = parameter.variable.split(".")
        assert name in simulation.network[owner].variables


def test_extreme_time_constants_are_counted(simulation):
    assert (simulation.report.n_tau_zero, simulation.report.n_tau_infinite) == (2, 1)
    assert simulation.report.to_dict()["n_tau_zero"] == 2


def test_values_arrive_where_the_report_says(simulation, values):
    synapses = simulation.network["layer_2_feedforward"]
    np.testing.assert_array_equal(synapses.w_[:].reshape(7, 5).T, values["layer_2.feedforward.w"])
    assert synapses.i[:].tolist() == sorted(synapses.i[:].tolist()), "sources must vary slowly: the sums are fastest then"


@pytest.mark.parametrize("first", [("decay", "reset", "recurrent"), ("recurrent", "reset", "decay")])
def test_the_schedule_is_the_step_order(spec, values, first):
    spec = NetworkSpec(spec.dt_s, spec.n_input, spec.layers, spec.readout, StepOrder((*first, "feedforward", "threshold")))
    schedule = BrianSimulation(spec, values).report.schedule
    order = {s.object: (s.when == "end", s.order) for s in schedule}
    assert [*order.values()] == sorted(order.values())
    standing = {"decay": "layer_1_stateupdater", "reset": "layer_1_spike_resetter", "recurrent": "layer_1_recurrent_pre"}
    steps = ["input", *(standing[phase] for phase in first), "layer_1_wipe", "layer_1_feedforward_pre"]
    steps += [f"layer_1_{kind}_summed_variable_I_syn_{kind}_post" for kind in ("feedforward", "recurrent")]
    steps += ["layer_1_spike_thresholder", "layer_2_feedforward_pre", "layer_2_spike_thresholder", "layer_1_spikes"]
    assert sorted(steps, key=order.__getitem__) == steps
    assert all(s.when == ("end" if s.object.endswith(("spikes", "traces")) else "groups") for s in schedule)
    assert "readout_stateupdater" not in order, "the readout has no differential equation of its own"


def test_the_text_shows_the_model_as_written_and_the_step_brian_derived(simulation):
    text = str(simulation.report)
    for part in (
        "Brian2 on numpy, form ode, dt = 4 ms, method 'exact'",
        "v = I_syn - R : 1",
        "I_syn = I_syn_feedforward + I_syn_recurrent : 1",
        "dI/dt = -I/tau_syn : 1 (clock-driven)",
        "I_syn_recurrent_post = I : 1 (summed)",
        "on_pre: I += w",
        "threshold: v > theta",
        "I*exp(-dt/tau_syn)",
        "2 time constants are exactly 0, 1 are infinite",
    ):
        assert part in text
    assert simulation.describe() in text
    assert "parameters" not in simulation.describe()


def test_the_report_is_plain_data(simulation):
    plain = simulation.report.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert {p["key"]: p["maximum"] for p in plain["parameters"]}[TAU] == "inf"


def test_a_network_that_is_only_looked_at_raises_no_warning(spec, values, caplog):
    gc.collect()
    caplog.clear()  # of what other tests have left behind
    BrianSimulation(spec, values).report  # noqa: B018
    gc.collect()
    assert "never included in a network" not in caplog.text

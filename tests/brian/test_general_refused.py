"""What can't be simulated, and what the error says to do about it."""

from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.brian import DEVICES, BrianSimulation, simulate
from hetsyn_sim.brian.additions import Additions
from hetsyn_sim.brian.cuda import goes_beyond_filters
from hetsyn_sim.errors import TransferError
from hetsyn_sim.models import AdEx, HetSynLIF, HodgkinHuxley
from hetsyn_sim.spec import Layer, NetworkSpec

from .conftest import random_spikes
from .neurons import adlif, graded, izhikevich, value_readout


def network(model, n=4, **options):
    spec = NetworkSpec("1 ms", 3, [Layer(model, n)], **options)
    return spec, spec.initial_values(0)


def test_two_refractory_periods():
    with pytest.raises(TransferError, match=r"(?s)refractory already.*layer_1: AdLIF.*'t_ref' and 0.002 s.*one of them"):
        BrianSimulation(*network(adlif(refractory="t_ref")), additions=Additions(refractory=2e-3))


@pytest.mark.parametrize(("period", "t_ref", "got"), [("t_ref", np.inf, "inf"), ("t_ref - tau_m", 0.01, "-0.01")])
def test_a_refractory_period_that_is_no_time(period, t_ref, got):
    spec, values = network(adlif(refractory=period))
    values["layer_1.neuron.t_ref"] = np.array(t_ref)
    with pytest.raises(TransferError, match=rf"(?s)not a time.*layer_1: refractory = {period}.*{got}"):
        simulate(spec, values, random_spikes((5, 1, 3)))


def test_delays_of_values():
    spec = NetworkSpec("1 ms", 3, [Layer(graded(), 4)], Layer(value_readout(), 2))
    with pytest.raises(TransferError, match=r"(?s)values can't be delayed.*readout.feedforward"):
        BrianSimulation(spec, spec.initial_values(0), additions=Additions(delays={"readout.feedforward": np.full((2, 4), 1e-3)}))


def test_the_fast_form_has_no_synapses_of_values():
    with pytest.raises(TransferError, match=r"(?s)'fast' can't express.*layer_1: Graded.*x_pre.*form=\"ode\""):
        BrianSimulation(*network(graded()), form="fast")


@pytest.mark.parametrize("scheme", ["exact", "exponential_euler", "symplectic_euler"])
def test_equations_that_are_not_linear_in_their_own_state(scheme):
    spec, values = network(replace(izhikevich(), scheme=scheme))
    with pytest.raises(TransferError, match=rf"(?s)Brian2 refuses this network.*{scheme}.*name a scheme"):
        simulate(spec, values, random_spikes((5, 1, 3)))


def test_a_solution_that_runs_away():
    """By Euler's method, without the end of the upstroke; what is not finite stays so when recordings begin."""
    spec, values = network(replace(AdEx, scheme="euler", reset="w_a += b + g_L*(V_r - E_L)"))
    values["layer_1.neuron.I_0"] += 2e-9
    with pytest.raises(TransferError, match=r"(?s)not finite.*layer_1: v.*'euler'.*run away.*smaller dt"):
        simulate(spec, values, random_spikes((200, 2, 3), 0.5))


def test_growth_beyond_all_numbers():
    spec, values = network(adlif(a=-1e9, frozen="u", refractory="t_ref"))
    with pytest.raises(TransferError, match=r"(?s)no exact step.*layer_1: u, k.*not finite"):
        BrianSimulation(spec, values).report  # noqa: B018


@pytest.mark.parametrize("model", [AdEx, HodgkinHuxley, izhikevich(), graded()], ids=lambda model: model.name)
def test_cuda_runs_sums_of_filtered_events_only(model, monkeypatch):
    cuda = DEVICES["cuda_standalone"]
    monkeypatch.setattr("hetsyn_sim.brian.simulation.find_device", lambda device, to_run=True: cuda)
    with pytest.raises(TransferError, match=rf"(?s)'cuda_standalone' can't express.*layer_1: {model.name}.*scheme='.*cpp_standalone"):
        BrianSimulation(*network(model), device="cuda")


def test_what_goes_beyond_filters_is_named():
    assert not list(goes_beyond_filters(HetSynLIF))
    assert list(goes_beyond_filters(graded())) == [
        "scheme='rk4'",
        "refractory='v > v_th'",
        "initial values of v, v_s, v_us",
        "synapses that read x_pre",
        "output='s'",
    ]
    assert "reset 'v = c'" in list(goes_beyond_filters(izhikevich()))

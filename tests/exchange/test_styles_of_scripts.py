"""Scripts in the style of Brian2's documentation, accepted as they are: the same spikes from the script's own objects and from the spec."""

from types import SimpleNamespace

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, ms, mV, nS, pF  # noqa: F401 - the scripts' own words

import hetsyn_sim as hs
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import SpecError

from ..refusal import refused
from .brian2_scripts import run


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")
    assert b2.defaultclock.dt == 0.1 * ms


def poisson_like(n):
    return b2.SpikeGeneratorGroup(n, [], [] * ms)


def cuba():
    """A quarter of the neurons inhibits; the voltage has another name; populations are parts of one group."""
    taum, taue, taui, Vt, Vr, El, we, wi = 20 * ms, 5 * ms, 10 * ms, -50 * mV, -60 * mV, -49 * mV, 1.62 * mV, -9 * mV
    source = poisson_like(10)
    P = b2.NeuronGroup(
        20,
        """dvm/dt = (ge + gi - (vm - El))/taum : volt (unless refractory)
           dge/dt = -ge/taue : volt
           dgi/dt = -gi/taui : volt""",
        threshold="vm > Vt", reset="vm = Vr", refractory=5 * ms, method="exact",
    )  # fmt: skip
    P.vm = "Vr + rand()*(Vt - Vr)"
    Ce = b2.Synapses(P[:15], P, on_pre="ge += we")
    Ci = b2.Synapses(P[15:], P, on_pre="gi += wi")
    drive = b2.Synapses(source, P[:10], on_pre="ge += 2*we")
    Ce.connect(p=0.3)
    Ci.connect(p=0.3)
    drive.connect(p=0.5)
    return [source], P, [Ce, Ci, drive], locals()


def adaptive_threshold():
    tau, source = 20 * ms, poisson_like(10)
    G = b2.NeuronGroup(
        4,
        """dv/dt = -v/(10*ms) : volt
           dvt/dt = (10*mV - vt)/(15*ms) : volt""",
        threshold="v > vt",
        reset="""v = 0*mV
                 vt += 3*mV""",
        method="exact",
    )
    G.vt = 10 * mV
    S = b2.Synapses(source, G, "w : volt", on_pre="v += w")
    S.connect()
    S.w = "1*mV + 3*mV*rand()"
    return [source], G, S, locals()


def its_own_drive():
    """Every neuron has a drive of its own, by its number; Heun's method, without noise."""
    tau, v0_max, n_neurons, source = 10 * ms, 30 * mV, 1.0, poisson_like(4)
    G = b2.NeuronGroup(5, "dv/dt = (v0_max*i/(N - n_neurons) - v)/tau : volt", threshold="v > 15*mV", reset="v = 0*mV", method="heun")
    S = b2.Synapses(source, G, on_pre="v += 2*mV")
    S.connect(condition="i != j")
    return [source], G, S, locals()


def coba():
    C, gL, El, Ee, Ei = 200 * pF, 10 * nS, -60 * mV, 0 * mV, -80 * mV
    taue, taui, source, other = 5 * ms, 10 * ms, poisson_like(8), poisson_like(4)
    G = b2.NeuronGroup(
        6,
        """dV/dt = (gL*(El - V) + ge*(Ee - V) + gi*(Ei - V))/C : volt (unless refractory)
           dge/dt = -ge/taue : siemens
           dgi/dt = -gi/taui : siemens""",
        threshold="V > -50*mV", reset="V = El", refractory="5*ms", method="exponential_euler",
    )  # fmt: skip
    G.V = "El + 8*mV*rand()"
    excitatory = b2.Synapses(source, G, on_pre="ge += 6*nS")
    inhibitory = b2.Synapses(other, G, on_pre="gi += 20*nS")
    excitatory.connect(p=0.7)
    inhibitory.connect(p=0.4)
    return [source, other], G, [excitatory, inhibitory], locals()


def izhikevich():
    a, b, c, d, source = 0.02 / ms, 0.2 / ms, -65 * mV, 8 * mV / ms, poisson_like(10)
    G = b2.NeuronGroup(
        4,
        """dv/dt = (0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms - u + I : volt
           du/dt = a*(b*v - u) : volt/second
           dI/dt = -I/(5*ms) : volt/second""",
        threshold="v >= 30*mV", reset="v = c; u += d", method="euler",
    )  # fmt: skip
    G.v, G.u = c, b * c
    S = b2.Synapses(source, G, "w : volt/second", on_pre="I += w")
    S.connect()
    S.w = "10*rand()*mV/ms"
    return [source], G, S, locals()


def alone():
    """A group without synapses: the first neuron of Brian2's tutorial, with a drive of each neuron's own."""
    tau = 10 * ms
    G = b2.NeuronGroup(
        6,
        """dv/dt = (I - v)/tau : 1 (unless refractory)
           I : 1""",
        threshold="v > 0.8", reset="v = 0", refractory=5 * ms, method="exact",
    )  # fmt: skip
    G.I = "1 + 0.2*i"
    return [], G, [], locals()


def phase():
    """An oscillator, whose equation has a constant of nature; the threshold says what Brian2 adds by itself."""
    source = poisson_like(3)
    G = b2.NeuronGroup(
        3,
        "dtheta/dt = 2*pi*80*Hz : 1",
        threshold="theta > 2*pi and not_refractory",
        reset="theta -= 2*pi",
        refractory=1 * ms,
        method="euler",
    )
    S = b2.Synapses(source, G, on_pre="theta += 0.2")
    S.connect()
    return [source], G, S, locals()


SCRIPTS = [alone, phase, cuba, adaptive_threshold, its_own_drive, coba, izhikevich]


@pytest.mark.parametrize("made", SCRIPTS)
def test_it_is_accepted_and_spikes_as_the_script(made):
    b2.seed(3)
    sources, group, synapses, names = made()
    net = hs.from_brian2(group, synapses, namespace=names)
    inputs = np.random.default_rng(0).random((1500, net.spec.n_input)) < 0.01
    here = simulate_reference(net.spec, net.values, inputs[:, None]).rasters["layer_1"][:, 0]
    there = run(SimpleNamespace(sources=sources, group=group, synapses=synapses, namespace=names, dt=0.1 * ms), inputs)
    assert there.sum() > 20
    np.testing.assert_array_equal(here, there)


def test_what_is_called_v_is_the_users_choice():
    _, group, synapses, names = cuba()
    assert (
        hs.from_brian2(group, synapses, namespace=names, voltage="vm").model.condition
        == hs.from_brian2(group, synapses, namespace=names).model.condition
    )
    with refused(SpecError, "no v"):
        hs.from_brian2(group, synapses, namespace=names, voltage="none")

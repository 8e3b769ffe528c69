from contextlib import nullcontext

import numpy as np
import pytest

from hetsyn_sim.kernels import use_backend
from hetsyn_sim.spec import NeuronModel, Parameter
from hetsyn_sim.training.fitting import Trials
from hetsyn_sim.training.fitting.lanes import Lanes

#: A membrane with adaptation, in volts and amperes: coupled linear equations, and a hard reset.
MEMBRANE = NeuronModel(
    name="Membrane",
    on_pre="w_a_post += w",
    neuron="""
        dv/dt = (g_L*(E_L - v) - w_a + I)/C : volt (unless refractory)
        dw_a/dt = (a*(v - E_L) - w_a)/tau_w : amp
        """,
    threshold="v > V_T",
    reset="v = V_r; w_a += b",
    refractory="t_ref",
    initial={"v": "E_L"},
    parameters={
        "w": Parameter(axes="post pre", unit="pA", initial=0),
        "I": Parameter(axes="post", unit="pA", initial=0),
        "C": Parameter(axes="post", unit="pF", initial="100 pF", bounds=("20 pF", "500 pF"), trainable=True),
        "g_L": Parameter(axes="post", unit="nS", initial="10 nS"),
        "E_L": Parameter(axes="post", unit="mV", initial="-65 mV"),
        "a": Parameter(axes="post", unit="nS", initial="4 nS"),
        "b": Parameter(axes="post", unit="pA", initial="40 pA"),
        "tau_w": Parameter(axes="post", unit="ms", initial="20 ms"),
        "V_T": Parameter(axes="post", unit="mV", initial="-50 mV"),
        "V_r": Parameter(axes="post", unit="mV", initial="-62 mV"),
        "t_ref": Parameter(axes="post", unit="ms", initial="1 ms"),
    },
)
DT, N_STEPS = 5e-4, 400


@pytest.fixture(autouse=True)
def _without_compiling(request):
    """`make test` compiles nothing; whole fits need the generated kernels, and their mark."""
    with nullcontext() if request.node.get_closest_marker("compiled") else use_backend("plain"):
        yield


@pytest.fixture
def current():
    """Two trials of a current that wanders, (time, trial), in amperes."""
    rng = np.random.default_rng(0)
    noise = np.cumsum(rng.standard_normal((N_STEPS, 2)), axis=0)
    return 230e-12 + 60e-12 * np.sin(noise / 6)


@pytest.fixture
def recorded(current):
    """v (time, trial) and spikes of a membrane with this current."""
    every = np.ones(current.shape, dtype=bool)
    fixed = {name: float(p.distribution.value) for name, p in MEMBRANE.parameters.items()}
    found = Lanes(MEMBRANE, Trials(DT, {"I": current}, None, None, None, every, every), fixed, ()).run(np.zeros((1, 0)), free=True)
    assert found.spikes.sum() > 10
    return found.v[:, :, 0], found.spikes[:, :, 0]

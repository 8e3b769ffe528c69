"""
Fit a neuron to a recording
===========================

A voltage trace, the current that made it, and a model with ten unknowns: which values are they, how sure are they, and does the neuron then
do by itself what the cell did?
"""

# %%
# The recording
# -------------
#
# Synthetic, so that the truth is known: the AdEx neuron of Brette and Gerstner (2005), two seconds of steps and noise, and white noise on
# the voltage at 20 dB. Brian2 simulates it. The monitor's sample after a spike shows the reset, and there is no shape of a spike.

import brian2 as b2
import numpy as np
from brian2 import ms, mV, nA, nS, pA, pF

import hetsyn_sim as hs
from hetsyn_sim.models import AdEx

b2.prefs.codegen.target = "numpy"
rng = np.random.default_rng(1)
dt, n = 0.1 * ms, 20000
noise = np.zeros(n)
for k in range(1, n):
    noise[k] = np.exp(-0.1 / 30) * noise[k - 1] + 0.15 * np.sqrt(1 - np.exp(-0.2 / 30)) * rng.standard_normal()
current = (0.65 + 0.5 * np.sign(np.sin(2 * np.pi * np.arange(n) * 1e-4 / 0.5)) + noise) * nA

truth = {"C": 281 * pF, "g_L": 30 * nS, "E_L": -70.6 * mV, "V_T": -50.4 * mV, "D_T": 2 * mV}
truth |= {"a": 4 * nS, "b": 80.5 * pA, "tau_w": 144 * ms, "V_r": -70.6 * mV, "V_cut": -40.4 * mV}
cell = b2.NeuronGroup(
    1,
    """dv/dt = (g_L*(E_L - v) + g_L*D_T*exp((v - V_T)/D_T) - w_a + stimulus(t))/C : volt (unless refractory)
       dw_a/dt = (a*(v - E_L) - w_a)/tau_w : amp""",
    threshold="v > V_cut",
    reset="v = V_r; w_a += b",
    refractory=1 * ms,
    method="rk2",
    dt=dt,
    namespace={**truth, "stimulus": b2.TimedArray(current, dt=dt)},
)
cell.v = truth["E_L"]
trace, spikes = b2.StateMonitor(cell, "v", record=True), b2.SpikeMonitor(cell)
b2.Network(cell, trace, spikes).run(n * dt)
v = trace.v + 0.1 * np.std(trace.v) * rng.standard_normal(trace.v.shape)

# %%
# The fit
# -------
#
# :func:`hs.fit_recordings <hetsyn_sim.training.fitting.fit_recordings>` takes the current by its name in the model's equations, ``I_0``,
# and bounds for what is unknown. Twenty restarts run side by side, from anywhere between the bounds.

result = hs.fit_recordings(
    AdEx,
    {"I_0": current},
    v=v,
    spikes=[spikes.t],
    dt=dt,
    parameters={
        "C": (50 * pF, 1000 * pF),
        "g_L": (5 * nS, 100 * nS),
        "E_L": (-90 * mV, -55 * mV),
        "V_T": (-60 * mV, -40 * mV),
        "D_T": (0.5 * mV, 6 * mV),
        "a": (-10 * nS, 50 * nS),
        "b": (0 * pA, 500 * pA),
        "tau_w": (20 * ms, 500 * ms),
        "V_r": (-90 * mV, -55 * mV),
        "V_cut": (-45 * mV, -30 * mV),
    },
    progress=False,
)
print(result)

# %%
# The standard errors say how sure each value is. Here the truth is known, and the differences are of their size:

for name, true in truth.items():
    off = result.fitted[name] - float(true)
    print(f"{name:6} off by {100 * off / float(true):6.2f} %, {off / result.errors[name]:5.1f} standard errors")

# %%
# Does it do what the cell did?
# -----------------------------
#
# While it was fitted, the neuron was reset where the cell spiked. Now it spikes by itself, from the current alone:

# sphinx_gallery_thumbnail_number = 1
hs.plots.plot_fit(result)

# %%
# What it leaves over of the voltage should be noise, in which neighbouring samples are not correlated:

hs.plots.plot_residuals(result)

# %%
# And where did the restarts end?

hs.plots.plot_restarts(result)

# %%
# What if the model is wrong?
# ---------------------------
#
# The same recording, fitted without adaptation. Standard errors presume that the model is right. That it is not shows elsewhere: the
# residuals are large and have a memory, and the neuron by itself spikes at other times.

without = hs.fit_recordings(
    AdEx,
    {"I_0": current},
    v=v,
    spikes=[spikes.t],
    dt=dt,
    parameters={name: result.bounds[name] for name in ("C", "g_L", "E_L", "V_T", "D_T", "V_r")},
    values={"a": 0 * nS, "b": 0 * pA},
    restarts=5,
    progress=False,
)
print(without)
print(f"spikes coincide by {without.coincidence():.2f}; with adaptation by {result.coincidence():.2f}")
hs.plots.plot_residuals(without)

# %%
# :doc:`/fit-recordings` says what can be handed over (several trials, conductances, input spikes, Neo's signals) and why this works.

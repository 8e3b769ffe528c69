"""
Learn when spikes arrive
========================

Two channels spike once each, and the class is which of them comes first. No rate tells, and no weight: a spike alone is below threshold. A
neuron that delays the first one until the second arrives sees both at once. Delays are learned like weights, rounded to whole steps, and
taken to Brian2.
"""

# %%
# The task
# --------
#
# 200 recordings of 60 ms. Channel 1 spikes 12 ms after channel 0 in the one class, 12 ms before it in the other.

import brian2 as b2
import matplotlib.pyplot as plt
import numpy as np
from brian2 import ms

import hetsyn_sim as hs
from hetsyn_sim.models import HetSynLIF, LeakyReadout

b2.prefs.codegen.target = "numpy"
rng, labels, apart = np.random.default_rng(0), np.arange(200) % 2, 12
raster = np.zeros((200, 60, 2), dtype=bool)
for k, label in enumerate(labels):
    begin = rng.integers(0, 25)
    raster[k, begin, 1 - label] = raster[k, begin + apart, label] = True
steps, units = zip(*(np.nonzero(one) for one in raster), strict=True)
split = np.where(np.arange(200) < 150, "train", "test")
data = hs.SpikeDataset.from_lists(steps, units, dt=1 * ms, n_channels=2, n_steps=np.full(200, 60), labels=labels, split=split)

# %%
# Neurons that only two spikes can fire
# -------------------------------------
#
# The threshold is 1, no weight may exceed 0.65, and a current fades with 4 ms: two spikes must arrive within 2.5 ms of each other. Four
# such neurons are trained twice. First their delays are drawn between 0 and 20 ms, and stay; then they begin so, and are learned with the
# weights.

strongest = 0.65
hidden = HetSynLIF.with_parameters(
    tau_syn={"initial": 4 * ms, "trainable": False},
    w={"initial": f"uniform({0.8 * strongest}, {strongest})", "bounds": (0.0, strongest)},
    tau_reset={"initial": 5 * ms},
)
readout = LeakyReadout.with_parameters(tau_syn={"initial": 20 * ms, "trainable": False})
models = {"drawn": hidden.with_delay("uniform(0 ms, 20 ms)"), "learned": hidden.with_delay(bounds=(0 * ms, 20 * ms))}
training = hs.Training(batch_size=15, dropout=0.0, epochs=60, optimiser={"lr": 0.01})
results = {}
for name, model in models.items():
    spec = hs.NetworkSpec(data.dt, 2, [hs.Layer(model, 4)], hs.Layer(readout, 2))
    results[name] = hs.fit(spec, data, training=training, progress=False)
    print(f"delays {name}:\n{results[name].effect_of_rounding(data.test)}\n")

# %%
# What was learned
# ----------------
#
# Each neuron's two delays. On the upper line, the spike of channel 1 waits for one of channel 0 that comes 12 ms later, and both arrive in
# the same step; on the lower line it is the other way round. Within the bands they arrive near enough to fire the neuron.

before = np.asarray(results["learned"].network.spec.initial_values(seed=0)["layer_1.feedforward.delay"]) * 1e3
after = np.asarray(results["learned"].checkpoint.values["layer_1.feedforward.delay"]) * 1e3  # (post, pre), in ms
_, (ax, other) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
line = np.array([0.0, 20.0])
for shift, colour in ((apart, "#0072B2"), (-apart, "#E69F00")):
    ax.fill_between(line, line + shift - 2.5, line + shift + 2.5, color=colour, alpha=0.2, lw=0)
    ax.plot(line, line + shift, color=colour, lw=1)
ax.plot(*before.T, "o", mfc="none", color="0.4", label="at the start")
ax.plot(*after.T, "o", color="black", label="learned")
for one, two in zip(before, after, strict=True):
    ax.annotate("", two, one, arrowprops={"arrowstyle": "->", "color": "0.6"})
ax.set(xlim=(0, 20), ylim=(0, 20), xlabel="delay of channel 0 (ms)", ylabel="delay of channel 1 (ms)", aspect="equal")
ax.legend(frameon=False)

# %%
# In Brian2
# ---------
#
# Delays are whole steps wherever a network is evaluated, so that they are those of Brian2. It spikes as PyTorch did.

simulation = hs.to_brian2(results["learned"], form="fast").run(data.test)
comparison = hs.compare(results["learned"].network, simulation)
print(comparison)
assert comparison.spike_mismatches == 0

spikes = simulation.rasters["layer_1"].sum(axis=0)  # (recording, neuron)
for k, (label, colour) in enumerate({"channel 1 first": "#0072B2", "channel 0 first": "#E69F00"}.items()):
    other.bar(np.arange(4) + 0.4 * k - 0.2, spikes[data.test.labels == k].mean(axis=0), 0.4, label=label, color=colour)
other.set(xlabel="neuron", ylabel="spikes per recording, in Brian2", xticks=range(4), ylim=(0, 1.4))
other.legend(frameon=False)
plt.show()

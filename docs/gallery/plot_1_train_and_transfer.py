"""
Train and transfer
==================

A network of spiking neurons learns spoken digits in PyTorch. Then the same network runs in Brian2, on recordings it has not heard. The
question at the end is not whether the two are similar. It is whether they are the same: every spike, every voltage.
"""

# %%
# Recordings
# ----------
#
# The package ships 3,000 recordings of the words "zero" to "nine" as spikes: 70 channels from low to high pitch, on a grid of 10 ms
# (:doc:`/data`). The time step travels with the data.

import hetsyn_sim as hs

data = hs.tasks.spoken_digits()
print(f"{len(data.train):,} recordings for training, {len(data.test)} for testing, {data.n_channels} channels, dt = {1e3 * data.dt:g} ms")

# %%
# A network
# ---------
#
# The neuron is text: Brian2's equations, with a time constant for every synapse.

from hetsyn_sim.models import HetSynLIF, LeakyReadout

print(HetSynLIF.to_text())

# %%
# A network is named by its layers.

spec = hs.NetworkSpec(
    dt=data.dt,
    n_input=data.n_channels,
    layers=[hs.Layer(HetSynLIF, 64, recurrent=True)],
    readout=hs.Layer(LeakyReadout, 10),
)

# %%
# Training
# --------
#
# Four epochs, which is a few seconds. The test recordings play no part in it.

training = hs.Training(
    epochs=4,
    window=64,
    optimiser={"lr": 5e-3, "lr_factor_time_constants": 4.0, "weight_decay": 4e-3},
    augmentation={"time_shift": 2, "channel_shift": 1},
)
result = hs.fit(spec, data, training=training, seed=0, progress=False)
for row in result.history:
    print({name: round(value, 4) for name, value in row.items() if name in ("epoch", "train_loss", "train_accuracy")})

# %%

hs.plots.plot_learning_curve(result.history)

# %%
# What training did to the time constants. Grey is where they began, green where they ended.

hs.plots.plot_time_constants(
    result.initial.values["layer_1.feedforward.tau_syn"],
    result.checkpoint.values["layer_1.feedforward.tau_syn"],
    "tau_syn of the synapses from the input",
)

# %%
# The same network in Brian2
# --------------------------
#
# A checkpoint is the text, the values and where they come from. :func:`~hetsyn_sim.brian.transfer.to_brian2` makes a Brian2 network
# of it; Brian2 derives its own update from the equations and sees nothing of PyTorch's.

import tempfile
from pathlib import Path

path = result.checkpoint.save(Path(tempfile.mkdtemp()) / "digits")
simulation = hs.to_brian2(path, device="numpy")
print(simulation.describe())

# %%
# Thirty of the test recordings, in both:

heard = data.test[::10]
recording = simulation.run(heard)
outcome = hs.compare(result.network, recording)
print(outcome)

# %%
# ``spike mismatches`` counts cells (neuron, step, recording) in which one side spikes and the other does not. The largest difference of two
# voltages stands beside what rounding may do, which is computed for this network and these spikes (:doc:`/claim`).
#
# One recording, from the input at the bottom to the hidden neurons above it. Each circle, PyTorch's, holds a dot, Brian2's.

mine = result.network.record(recording.rasters["input"])
longest = int(recording.rasters["input"].sum(axis=(0, 2)).argmax())
# sphinx_gallery_thumbnail_number = 3
hs.plots.plot_raster(mine, recording, longest)

# %%
# The neuron that spikes most in it. A gap in the lower panel is a step in which both voltages are equal to the last bit.

from matplotlib import pyplot as plt

busiest = int(recording.rasters["layer_1"][:, longest].sum(axis=0).argmax())
_, (above, below) = plt.subplots(2, 1, figsize=(8, 5), sharex=True, height_ratios=[2, 1], layout="constrained")
hs.plots.plot_trace(mine, recording, "layer_1.v", busiest, longest, theta=float(result.checkpoint.values["layer_1.neuron.theta"]), ax=above)
above.label_outer()
hs.plots.plot_difference(mine, recording, "layer_1.v", busiest, longest, ax=below)

# %%
# What it hears
# -------------
#
# Both sides read the same rule off the readout, so they name the same digits, right or wrong. :func:`~hetsyn_sim.agreement.verify.verify`
# does all of the above for a checkpoint, and adds accuracies.

outcome = hs.verify(path, data.test[::2])
print(outcome)

# %%

hs.plots.plot_confusion(outcome.labels, outcome.predictions_brian2, "Brian2")

# %%
# Next
# ----
#
# - On the command line the same is ``hetsyn train``, ``hetsyn simulate`` and ``hetsyn verify`` (:doc:`/cli`).
# - :doc:`plot_3_prove_your_network`: more than one simulator, and what would have been noticed.
# - :doc:`plot_4_climb_the_ladder`: the same network with membranes, delays and noise.

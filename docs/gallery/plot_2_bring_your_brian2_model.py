"""
Bring your Brian2 model
=======================

You have a neuron in a Brian2 script. Here it learns a task without being rewritten: its objects are read, trained by gradients in PyTorch,
and simulated in Brian2 again.
"""

# %%
# The script
# ----------
#
# Sixteen integrate-and-fire neurons with an adaptation current. Weights and membrane time constants differ from neuron to neuron. Nothing
# in this part knows of any other package.

import brian2 as b2
from brian2 import ms, mV, pA

b2.prefs.codegen.target = "numpy"
b2.seed(1)
dt = 10 * ms
E_L, V_T = -70 * mV, -55 * mV

cochlea = b2.SpikeGeneratorGroup(70, [], [] * ms, dt=dt)
neurons = b2.NeuronGroup(
    16,
    """dv/dt = (E_L - v + (c - a)*(100*Mohm))/tau_m : volt
       dc/dt = -c/tau_s : amp
       da/dt = -a/(150*ms) : amp
       tau_m : second (constant)
       tau_s : second (constant)""",
    threshold="v > V_T",
    reset="v = E_L; a += 20*pA",
    method="exponential_euler",
    dt=dt,
)
neurons.v = E_L
neurons.tau_m = "(20 + 40*rand())*ms"
neurons.tau_s = "(20 + 40*rand())*ms"
synapses = b2.Synapses(cochlea, neurons, "w : amp", on_pre="c_post += w", dt=dt)
synapses.connect()
synapses.w = "60*pA*randn()"

# %%
# The objects as a spec
# ---------------------
#
# :func:`hs.from_brian2 <hetsyn_sim.exchange.from_brian2>` reads equations, threshold, reset and method, and the values of now.
# ``trainable`` names what training may move; all else stays as it is. Numbers in the equations become parameters with names of their own.
# A readout for ten classes is put behind the neurons.

import hetsyn_sim as hs

net = hs.from_brian2(neurons, [synapses], name="Mine", readout=10, trainable=("w", "tau_m", "tau_s"))
print(net.model.to_text().split("parameters:")[0])
for name, parameter in net.model.parameters.items():
    per = {"post pre": "synapse", "post": "neuron"}.get(parameter.axes, "layer")
    print(f"{name:10} in {parameter.unit:5} one value per {per:8} {'trained' if parameter.trainable else ''}".rstrip())

# %%
# The shipped spoken digits are the input. Training begins with the script's own values.

data = hs.tasks.spoken_digits()

# %%
# Training
# --------
#
# The equations are not linear in this form (a reset to a voltage), so the layer steps them, with the script's own method, in code that is
# generated and compiled for this model (:doc:`/stepped`). Gradients go through every state.

training = hs.Training(
    epochs=10, window=64, optimiser={"lr": 3e-2, "lr_factor_time_constants": 1.0}, loss={"name": "sum_of_softmax", "burn_in": 5}
)
result = hs.fit(net, data, training=training, seed=0, progress=False)
hs.plots.plot_learning_curve(result.history)
for row in result.history:
    print(f"epoch {row['epoch']:g}: loss {row['train_loss']:.3f}, accuracy {100 * row['train_accuracy']:.1f} %")

# %%
# What it learned, in the script's own names and units:

for name in ("tau_m", "tau_s"):
    before, after = 1e3 * net.values[f"layer_1.neuron.{name}"], 1e3 * result.checkpoint.values[f"layer_1.neuron.{name}"]
    print(f"{name}: {before.min():.0f} to {before.max():.0f} ms before training, {after.min():.0f} to {after.max():.0f} ms after it")

# %%
# Back in Brian2
# --------------
#
# The trained network, simulated by Brian2 on recordings of the test split, and compared with PyTorch spike by spike:

simulation = hs.to_brian2(result, device="numpy")
recording = simulation.run(data.test[::10])
outcome = hs.compare(result.network, recording)
print(outcome)

# %%

mine = result.network.record(recording.rasters["input"])
# sphinx_gallery_thumbnail_number = 2
hs.plots.plot_raster(mine, recording, 0)

# %%
# One neuron's voltage as its threshold sees it in each step. The reset to -70 mV comes after that, and before the next step's decay.

busiest = int(recording.rasters["layer_1"][:, 0].sum(axis=0).argmax())
hs.plots.plot_trace(mine, recording, "layer_1.v", busiest, 0, theta=float(V_T / b2.volt), unit="volt")

# %%
# The values go back into the script's objects as they are:

result.write_back(neurons, [synapses])
print(f"weights from {synapses.w[:].min() / pA:.0f} to {synapses.w[:].max() / pA:.0f} pA")

# %%
# :doc:`/bring-your-model` lists what a script may contain, what is refused and what to do instead, and how the script's own
# network spikes in the same steps.

"""
SHD at full speed on a laptop
=============================

The Spiking Heidelberg Digits are the usual benchmark for recurrent spiking networks: 700 channels, 250 steps, two hidden layers. A time
constant for every synapse makes that 119,552 states for each recording. Written down as it stands, one step of training takes gigabytes.
Here it takes neither gigabytes nor a GPU.

**What this is not.** The recordings of SHD do not ship with the package, and no accuracy on SHD is claimed. The speed is measured on random
spikes of SHD's size. The training below is on the shipped spoken digits, written as a file in SHD's layout with 700 channels. Put
``shd_train.h5`` and ``shd_test.h5`` into a folder, name that folder in ``heidelberg_digits``, and everything else stays as it is.
"""

# %%
# What a step costs
# -----------------
#
# The network of the recipe ``shd-hetsyn`` and a batch of 32 random recordings of 1 s at 4 ms: 1.5 % of all cells hold a spike.

import time

import numpy as np
import torch

import hetsyn_sim as hs
from hetsyn_sim.kernels import available_backends, use_backend
from hetsyn_sim.models import HetSynLIF, LeakyReadout

torch.set_num_threads(1)
spec = hs.NetworkSpec(
    dt="4 ms",
    n_input=700,
    layers=[hs.Layer(HetSynLIF, 128, recurrent=True), hs.Layer(HetSynLIF, 64, recurrent=True)],
    readout=hs.Layer(LeakyReadout, 20),
)
n_synapses = sum(projection.n_post * projection.n_pre for projection in spec.projections)
n_steps, n_batch = 250, 32
print(f"{n_synapses:,} synapses; as states kept for every step: {4 * n_synapses * n_steps * n_batch / 2**30:.1f} GiB in float32")

# %%
# Forward and backward, with the gradient of every weight and every time constant:

generator = torch.Generator().manual_seed(0)
x = (torch.rand(n_steps, n_batch, spec.n_input, generator=generator) < 0.015).float()  # (time, batch, channel)
labels = torch.randint(20, (n_batch,), generator=generator)


def seconds_of_a_step(backend, repeats):
    with use_backend(backend):
        network = hs.Network(spec, values=spec.initial_values(0)).float()
        took = []
        for _ in range(repeats):
            begun = time.process_time()  # CPU time: what else runs on this machine does not count
            out, _ = network(x)
            torch.nn.functional.cross_entropy(out.softmax(-1).sum(0), labels).backward()
            took.append(time.process_time() - begun)
    return min(took)


repeats = {"fused": 5, "plain": 1}
cost = {backend: seconds_of_a_step(backend, n) for backend, n in repeats.items() if backend in available_backends()}
for backend, seconds in cost.items():
    print(f"{backend:6} {seconds:6.2f} s of CPU time a step, {seconds * 8156 / n_batch:5.0f} s for an epoch of SHD's 8,156 recordings")

# %%
# ``plain`` is torch alone and ``fused`` are the package's C++ kernels (:doc:`/kernels`); both are exact. They keep the input spikes, not
# the states: gradients of decays come from a recursion of their own. :doc:`/speed` compares with other libraries, in alternation on a quiet
# machine; a single look such as this one does not.
#
# Recordings in SHD's layout
# --------------------------
#
# The file holds spike times in seconds and units, an array for each recording. Every channel of the shipped digits becomes ten units, and
# every spike becomes three, at random among these units and at random times within its step of 10 ms.

import tempfile
from pathlib import Path

import h5py

digits = hs.tasks.spoken_digits()
folder = Path(tempfile.mkdtemp())
rng = np.random.default_rng(0)


def write_as_shd(path, recordings):
    with h5py.File(path, "w") as file:
        times = file.create_dataset("spikes/times", (len(recordings),), dtype=h5py.vlen_dtype("f4"))
        units = file.create_dataset("spikes/units", (len(recordings),), dtype=h5py.vlen_dtype("u2"))
        for k, (begins, ends) in enumerate(zip(recordings.offsets[:-1], recordings.offsets[1:], strict=True)):
            steps, channels = (np.repeat(column[begins:ends], 3) for column in (recordings.steps, recordings.units))
            times[k] = ((steps + rng.random(steps.size)) * recordings.dt).astype("f4")
            units[k] = (10 * channels + rng.integers(0, 10, channels.size)).astype("u2")
        file["labels"] = recordings.labels
        names = sorted(set(digits.speakers))
        file["extra/speaker"] = [names.index(speaker) for speaker in recordings.speakers]


write_as_shd(folder / "shd_train.h5", digits.train)
write_as_shd(folder / "shd_test.h5", digits.test)
data = hs.tasks.heidelberg_digits(folder, dt=0.004, duration=1.0)
share = 100 * data[:100].rasters(250).mean()
print(f"{len(data.train):,} and {len(data.test)} recordings, {data.n_channels} channels, a spike in {share:.2f} % of the cells")

# %%
# One epoch
# ---------
#
# Of the shipped recipe. A fifth of the training speakers is held out to choose the epoch; the test split is read once, at the end.

recipe = hs.load_recipe("shd-hetsyn").changed(epochs=1, batch_size=32)
begun = time.process_time()
result = hs.fit(recipe, data, seed=0, progress=False)
took = time.process_time() - begun
print({name: round(value, 3) for name, value in result.history[-1].items() if "accuracy" in name or "loss" in name})
print(f"{took:.0f} s of CPU time for {len(data.train):,} recordings, validation and all")

# %%
# And in Brian2
# -------------
#
# The trained network and ten of the test recordings, step for step. In an epoch it has not learned much; it is the same network anyway.

outcome = hs.verify(result.checkpoint, data.test[::30])
print(outcome)

# %%

simulation = hs.to_brian2(result.checkpoint, device="numpy")
recording = simulation.run(data.test[:1])
mine = result.network.record(recording.rasters["input"])
hs.plots.plot_raster(mine, recording)

# %%
# From here: ``hetsyn train shd-hetsyn --data FOLDER`` is the whole recipe, 40 epochs; :doc:`/data` says how times become steps, and why the
# published code's way of doing it is kept apart from ours.

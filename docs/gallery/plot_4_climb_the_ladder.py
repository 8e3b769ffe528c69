"""
Climb the ladder
================

A trained network is an idealisation: no units, steps of 10 ms, membranes that follow their input at once. Here it is changed towards
biology, one rung at a time, and each rung is measured on recordings that training has not seen.
"""

# %%
# A trained network
# -----------------

import hetsyn_sim as hs
from hetsyn_sim.models import HetSynLIF, LeakyReadout

data = hs.tasks.spoken_digits()
spec = hs.NetworkSpec(
    dt=data.dt,
    n_input=data.n_channels,
    layers=[hs.Layer(HetSynLIF, 32, recurrent=True)],
    readout=hs.Layer(LeakyReadout, 10),
)
recipe = hs.load_recipe("fsdd-demo")  # its training, of a smaller network
trained = hs.fit(spec, data, training=recipe.training, seed=0, progress=False).checkpoint

# %%
# The rungs
# ---------
#
# Each is a function from one network to another, with a few strengths (:doc:`/ladder`).

from hetsyn_sim.ladder import RUNGS, run_ladder

for rung in RUNGS:
    print(f"{rung.number}  {rung.name:22} {rung.about}: {rung.quantity}, {', '.join(f'{s:g}' for s in rung.strengths)} {rung.unit}")

# %%
# All of them at one strength, on twenty recordings. Steps are 1 ms from the third rung on.

from dataclasses import replace

chosen = {
    "physical units": 15,
    "refined dt": 10,
    "refined dt, lags kept": 10,
    "membrane capacitance": 20,
    "axonal delays": 2,
    "refractoriness": 10,
    "conductances": 70,
    "conductances, capacitance": 10,
    "Dale's law": 0.25,
    "noise": 0.2,
    "jitter": 5,
    "mismatch": 0.2,
    "climb": 6,
}
rungs = [replace(rung, strengths=(chosen[rung.name],)) for rung in RUNGS]
rows = run_ladder(trained, data.test[::15], rungs, seeds=[0])

# %%
# Accuracy, and how far the spikes are from the trained network's: van Rossum's distance, 0 for the same spikes, 1 for sparse trains that
# share none.

from hetsyn_sim.report.ladder import ladder_table

for rung, strength, _, accuracy, _, distance, rate, _ in ladder_table(rows):
    print(f"{rung:24} {strength:40} accuracy {accuracy:>7}, distance {distance:>6}, {rate:>5} Hz")

# %%

hs.plots.plot_ladder(rows)

# %%
# The first rung is exact: units change no spike. Neither do conductances, against the network with steps of 1 ms. What the others cost is a
# matter of this network, and the climb is six of them at once. One recording of twenty is 5 %, so small differences mean nothing here;
# :doc:`/ladder` has the sweep over strengths, seeds and networks on all 300 recordings.
#
# A rung of your own
# ------------------
#
# Here: a share of the synapses is lost.


def without_some_synapses(setting, share, rng):
    values = dict(setting.values)
    for key in values:
        if key.endswith(".w"):
            values[key] = values[key] * (rng.random(values[key].shape) >= share)
    return replace(setting, values=values)


from hetsyn_sim.ladder import Rung

lesion = Rung(
    number=7,
    name="lesion",
    about="synapses are lost",
    quantity="share of synapses",
    unit="",
    strengths=(0.05, 0.1, 0.2, 0.4),
    apply=without_some_synapses,
    is_random=True,
    refined=False,  # it is not about milliseconds: run it on the trained network's own grid
)
lost = run_ladder(trained, data.test[::3], [lesion], seeds=range(3))
hs.plots.plot_rung(lost, "lesion")

# %%
# On the command line: ``hetsyn transfer CHECKPOINT --ladder`` writes the table and the figures as a page. Where accuracy was lost, training
# can go on in the very biophysics that cost it (:func:`hetsyn_sim.ladder.fine_tune`).

"""
Time constants against biology
==============================

Training has given every synapse a time constant. Have they become like those of real synapses? A histogram beside another one can't answer
that, because a network begins with some distribution and noise changes it too. The question here can be answered with no:

*Is what was learned closer to what was measured than the values before training, and than noise of the same size?*
"""

# %%
# Three trained networks
# ----------------------
#
# Networks are what is counted, not synapses: three seeds are the least for an answer. Three epochs each, to be quick.

import tempfile
from pathlib import Path

import numpy as np

import hetsyn_sim as hs

data = hs.tasks.spoken_digits()
recipe = hs.load_recipe("fsdd-demo").changed(epochs=3)
folder = Path(tempfile.mkdtemp())
for seed in range(3):
    hs.fit(recipe, data, seed=seed, out=folder / f"seed{seed}", progress=False)

# %%
# What was learned
# ----------------
#
# One row for every time constant, with where it is and where it began. What is shorter than a step can't be told from 0, and what is longer
# than a trial can't be told from infinity: beyond these limits a time constant is censored.

from analysis.biology.extraction import extract_all, find_runs

runs = find_runs([folder])
longest = recipe.training.window * data.dt
learned = extract_all(runs, longest=longest)
print(f"{len(learned):,} time constants of {len(runs)} networks, known between {1e3 * learned.low:g} and {1e3 * learned.high:g} ms")

# %%

from analysis.biology.nulls import initial_values, sign_flipped
from analysis.biology.plots import plot_change

before = initial_values(learned)
plot_change(before, learned)

# %%
# What was measured
# -----------------
#
# The decay of synaptic currents in rodent hippocampus, from the records of Hippocampome.org (Moradi et al. 2022). They ship with the
# package.

from analysis.biology.biology import hippocampome

currents = hippocampome().where(clamp="voltage").with_limits(learned.low, learned.high)
print(f"{len(currents):,} records; median {1e3 * np.median(hippocampome().where(clamp='voltage').tau):.1f} ms")
print(f"{100 * currents.censored[0]:.0f} % of them are shorter than a step of this network")

# %%
# Nulls
# -----
#
# Where the time constants were before training, and noise of the size of what was learned: every change with a random sign, in
# rho = exp(-dt/tau) or in log tau. Symmetric noise on rho makes a long tail all by itself, so a long tail shows nothing.

nulls = {
    "before training": before,
    "rho, signs flipped": sign_flipped(learned, of="rho"),
    "log tau, signs flipped": sign_flipped(learned, of="log_tau"),
}

from analysis.biology.plots import plot_distributions

# sphinx_gallery_thumbnail_number = 2
plot_distributions({"learned": learned, "before training": before, "rho, signs flipped": nulls["rho, signs flipped"], "measured": currents})

# %%
# Distances
# ---------
#
# Wasserstein's, on log tau: 0.69 is a factor of two. Intervals are over networks, neurons, synapses and measurements.

from analysis.biology.plots import plot_distances
from analysis.biology.verdict import compare, distances_to

distances = distances_to(currents, {"learned": learned, **nulls}, n_resamples=20)
for name, estimate in distances.items():
    print(f"{name:24} {estimate}")
plot_distances(distances)

# %%
# The verdict
# -----------

verdict = compare(learned, currents, nulls)
print(f"{verdict.answer}: {verdict.because}")
for null, gain in verdict.gains.items():
    print(f"  closer than {null} by {gain}")

# %%
# Do long ones matter?
# --------------------
#
# Whatever their likeness to biology: set those that grew beyond every initial value back to where they began, and, as a control, as many
# others of the same projections and weights.

from analysis.biology.activity import lesion

for run in runs:
    found = lesion(run, data.test)
    print(
        f"{run.name}: {100 * found.share:.1f} % are longer than {1e3 * found.longer_than:.0f} ms; accuracy {100 * found.whole:.1f} %, "
        f"without them {100 * found.without_long:.1f} %, control {100 * found.without_control:.1f} %"
    )

# %%
# These networks are trained for seconds. :doc:`/biology` has the answer for five fully trained networks of each of two
# tasks, with more nulls, families fitted to censored data, and what it does not show.
# ``hetsyn study biology FOLDER`` makes the whole report.

"""
Prove your network with the equivalence suite
=============================================

"The same neuron in PyTorch and in Brian2" is a claim that one failing case refutes. This tutorial takes a small trained network to the
suite that searches for such a case: every simulator runs it, faults are planted to see whether they would be noticed, and Hypothesis makes
up other networks of the same kind.

"Prove" is meant as on the page about :doc:`the claim </claim>`: compared cell by cell, within bounds that are derived. The suite needs the
extra ``test`` (``pip install "hetsyn-sim[test]"``).
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
    layers=[hs.Layer(HetSynLIF, 12, recurrent=True), hs.Layer(HetSynLIF, 8)],
    readout=hs.Layer(LeakyReadout, 10),
)
trained = hs.fit(spec, data, epochs=1, seed=0, progress=False).checkpoint

# %%
# Every simulator
# ---------------
#
# A case of the suite is a network, its values and an input. Here: ten test recordings.

import numpy as np

from equivalence.simulators import REFERENCE, SIMULATORS
from equivalence.strategies import Case

values = {key: np.asarray(value, dtype=np.float64) for key, value in trained.values.items()}
case = Case(trained.spec, values, data.test[::30].rasters(n_steps=40))
reference = SIMULATORS[REFERENCE].run(case.spec, case.values, case.inputs)  # NumPy, float64, one state after the other
print({name: int(raster.sum()) for name, raster in reference.rasters.items()}, "spikes")

# %%
# The registry holds every way in which this package can run a network. Those that compile a program for each network are left out to be
# quick, and those that can't run here say why.

from hetsyn_sim.agreement.compare import compare_recordings


def verdict(simulator, case):
    found = simulator.run(case.spec, case.values, case.inputs)
    return compare_recordings(case.spec, case.values, reference, found, simulator.dtype)


for name, simulator in SIMULATORS.items():
    if name == REFERENCE or simulator.compiled:
        continue
    if reason := simulator.unavailable():
        print(f"{name:32} not here: {reason.splitlines()[0][:80]}")
        continue
    outcome = verdict(simulator, case)
    print(
        f"{name:32} {'agrees' if outcome.agrees else 'DOES NOT AGREE'}: {outcome.spike_mismatches} of {outcome.n_spikes:,} spikes differ, "
        f"|dv| {100 * outcome.max_dv_over_bound:.3f} % of the bound, {len(outcome.undecided)} undecided"
    )

# %%
# Would it have been noticed?
# ---------------------------
#
# Agreement is worth as much as the disagreement that it would have shown. The suite has a plain loop in torch, and a list of faults to
# plant in it. Without a fault it has to agree; with each of them it runs the same case:

from equivalence.faults import FAULTS, LOOP
from equivalence.simulators import Simulator

print("without a fault:", "agrees" if verdict(LOOP, case).agrees else "DOES NOT AGREE")
noticed = {name: not verdict(Simulator(fault.run), case).agrees for name, fault in FAULTS.items()}
for name, found in noticed.items():
    print(f"{'noticed' if found else '   -   '}  {name}")
print(f"{sum(noticed.values())} of {len(noticed)}")

# %%
# Those that were not noticed change nothing in this case: they touch what the network does not have (a membrane with a time constant,
# another threshold than 1), what it never meets (a voltage exactly at the threshold), or what was not recorded. That is why one network is
# not enough.
#
# Networks that nobody chose
# --------------------------
#
# Hypothesis draws networks of the same model, with time constants from none to infinite, and inputs; what fails is shrunk to the smallest
# case that still fails. A property of the suite is a function; here it is that PyTorch runs each as the reference does.

from hypothesis import given, settings

from equivalence.comparing import hold
from equivalence.profiles import PATIENT
from equivalence.strategies import networks

tried = []


@settings(max_examples=40, **PATIENT, derandomize=True, database=None)
@given(networks([HetSynLIF], max_layers=2))
def test_pytorch_is_the_reference(drawn):
    tried.append(hold(drawn, "torch fused float64" if not SIMULATORS["torch fused float64"].unavailable() else "torch plain float64"))


test_pytorch_is_the_reference()
print(f"{len(tried)} networks, {sum(outcome.n_spikes for outcome in tried):,} spikes, all agree")

# %%
# And this is what a failure looks like: a reset that comes one step late, found in a network that is small enough for paper.

from hetsyn_sim.discrete import simulate_reference


@settings(max_examples=200, **PATIENT, derandomize=True, database=None)
@given(networks([HetSynLIF], (), max_layers=1))
def test_a_late_reset(drawn):
    late = FAULTS["reset one step late"].run(drawn.spec, drawn.values, drawn.inputs)
    outcome = compare_recordings(drawn.spec, drawn.values, simulate_reference(drawn.spec, drawn.values, drawn.inputs), late)
    assert outcome.agrees, f"{outcome}\n{drawn!r}"


try:
    test_a_late_reset()
except AssertionError as error:
    print(error)

# %%
# A certificate
# -------------
#
# ``hetsyn verify`` puts agreement, reductions, finer time steps and the transfer of values together for one trained network
# (:doc:`/certificate`). In Python it is one call.

from hetsyn_sim.agreement.certify import certify

certificate = certify(trained, data.test[::20])
for check in certificate.checks:
    print(f"{check.name}: {'passed' if check.passed else 'FAILED'}. {check.claim}")

# %%
# How close voltages came to the threshold in each recording. To the left of a dotted line, the difference between simulators may decide
# about a spike; a solid line is the most that rounding can do.

measured = {precision: certificate.largest_dv(precision) for precision in certificate.bounds}
hs.plots.plot_margins(certificate.margins, certificate.bounds, measured)

# %%

refinement = next(check for check in certificate.checks if check.name == "refinement")
hs.plots.plot_refinement(refinement.findings)

# %%
# For a model of your own, ``pytest equivalence/test_any_model.py --model my_neuron.yaml`` holds it to everything that the neurons of the
# package are held to; :doc:`/equivalence` lists the properties.

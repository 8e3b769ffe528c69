"""HomNeuLIF and HetNeuLIF against snnTorch and Norse, spike for spike, under the map of :mod:`equivalence.peers`.

    v[t] = rho v[t-1] + w x[t] + w_rec z[t-1] - theta z[t-1]      is snnTorch's Leaky, and RLeaky with recurrence
    v[t] = rho (v[t-1] - theta z[t-1]) + w x[t] + w_rec z[t-1]    is Norse's lif_box with reset by subtraction

People train with these packages. That they mean the same neuron, step for step, is what makes our results comparable with theirs.
"""

from dataclasses import replace

from equivalence.comparing import agree
from equivalence.ledger import LEDGER
from equivalence.peers import PEER_FAULTS, PEERS, missing, norse_lif
from equivalence.properties import holds
from equivalence.strategies import networks
from equivalence.test_time import between
from hetsyn_sim.models import HetNeuLIF, HomNeuLIF
from hetsyn_sim.spec import StepOrder

#: With 1 - rho in a denominator, tau from half a step to 100 steps. Norse rounds a division more per step than the bound of ours counts.
layers = networks([HomNeuLIF, HetNeuLIF], (), moderate=True)


@holds(layers, near_misses=list(PEER_FAULTS), subjects=list(PEERS), unavailable=missing, fast=1.0)
def test_a_peer_has_the_same_spikes(peer, case):
    order, record = {**PEERS, **PEER_FAULTS}[peer]
    case = replace(case, spec=replace(case.spec, step_order=StepOrder((*order, "feedforward", "threshold"))))
    ours = case.reference
    LEDGER.note_network(ours)
    agree(case, ours, record(case), "float64")


@holds(layers, near_misses=("norse lif that leaks elsewhere",), subjects=["norse lif"], unavailable=missing, fast=0.5)
def test_the_lif_of_norse_is_the_same_up_to_its_first_spike(peer, case):
    spec = replace(case.spec, layers=case.spec.layers[:1], step_order=StepOrder())
    one = replace(case, spec=spec, values={key: case.values[key] for key in spec.slots})
    theirs, n = norse_lif(one, v_leak=0.0 if peer == "norse lif" else 0.01)
    short = replace(one, inputs=one.inputs[:n])
    agree(short, between(one.reference, 0, n), theirs, "float64")

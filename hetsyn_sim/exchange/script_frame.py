"""Texts of an exported folder: how every script begins and ends, its page, and the words of its comments; doubled braces are format's."""

from __future__ import annotations

BEGINNING = '''"""{title}

A simulation in plain Brian2: it needs brian2 and numpy, and nothing else.

    python network.py                     every recording
    python network.py --recordings 10     the first ten
    python network.py --target cython     compiled: faster for many recordings, after a minute of compiling

It reads values.npz (weights, time constants, thresholds, in SI units) and recordings.npz (input spikes, labels, and the spikes of the
trained network), prints the accuracy, and counts how many spikes differ from those of the trained network. Exit code 1 if any does.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from brian2 import (
    Clock, Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses,
    {names},
)  # fmt: skip

FOLDER = Path(__file__).resolve().parent
options = argparse.ArgumentParser(description="A trained spiking network in Brian2.")
options.add_argument("--target", choices=["numpy", "cython"], default="numpy", help="what Brian2 generates code for")
options.add_argument("--recordings", type=int, default=0, metavar="N", help="only the first N recordings")
options = options.parse_args()
prefs.codegen.target = options.target
# Without -ffast-math, under which sums may be reordered: the spikes are to be those of the trained network, every one.
prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-std=c++11"]

values = np.load(FOLDER / "values.npz")
recordings = np.load(FOLDER / "recordings.npz")
DT = {dt} * second  # the time step that the network was trained with: a spike's effect depends on it
N_STEPS = int(recordings["n_steps"])  # of every recording; short ones end in silence
N_RECORDINGS = len(recordings["labels"])
if options.recordings:
    N_RECORDINGS = min(N_RECORDINGS, options.recordings)

# --- the order of one step -----------------------------------------------------------------------------------------
#
# In each time step, this happens:
#
{orders}
#
# Brian2's own order (sums, thresholds, synapses, resets) would be another network: spikes would need one more step for
# each layer, and a reset would decay once before it is felt. So every object gets its number in one slot, "groups".
# Recurrence and resets see the spikes of the step before because they come before this step's threshold; no delay is needed.


def in_step(brian_object, order):
    """Give a Brian2 object its place in the step."""
    brian_object.when, brian_object.order = "groups", order


# --- input: {n_input} channels -----------------------------------------------------------------------------------------
#
# All recordings follow each other in one simulation. Where one begins, every state is set to zero.
clock = Clock(dt=DT)
chosen = recordings["recording"] < N_RECORDINGS
inputs = SpikeGeneratorGroup(
    {n_input}, recordings["channel"][chosen],
    (recordings["recording"][chosen] * N_STEPS + recordings["step"][chosen]) * DT,
    clock=clock, when="groups", order=0, name="inputs",
)  # fmt: skip
network = Network(inputs)'''

ENDING = '''# --- run -----------------------------------------------------------------------------------------------------------
spikes = {{
{layers}
}}
v_of_readout = {readout}
network.add(*spikes.values(), *([] if v_of_readout is None else [v_of_readout]))
network.run(N_RECORDINGS * N_STEPS * DT, report="text", namespace={{}})


def cells_of(name):
    """Every spike of a layer as one number: step since the beginning of the simulation, and neuron."""
    steps = np.rint(np.asarray(spikes[name].t / DT)).astype(np.int64)
    return steps * len(spikes[name].source) + np.asarray(spikes[name].i)


def raster_of(name):
    """Spikes of a layer, shape (step, recording, neuron)."""
    raster = np.zeros(N_RECORDINGS * N_STEPS * len(spikes[name].source))
    raster[cells_of(name)] = 1
    return raster.reshape(N_RECORDINGS, N_STEPS, -1).transpose(1, 0, 2)


def readout_traces():
    """v of the readout, shape (step, recording, unit)."""
    return np.asarray(v_of_readout.v).T.reshape(N_RECORDINGS, N_STEPS, -1).transpose(1, 0, 2)


# A decision is the class with the largest of these scores. ``out`` has the shape (step, recording, class).
{rule}


# --- the same spikes as the trained network? -----------------------------------------------------------------------
print(f"{{N_RECORDINGS}} recordings of {{N_STEPS}} steps")
different = 0
for name in spikes:
    expected = recordings[f"expected.{{name}}"]
    expected = expected[expected < N_RECORDINGS * N_STEPS * len(spikes[name].source)]
    found = cells_of(name)
    wrong = len(np.setxor1d(found, expected))
    different += wrong
    print(f"{{name}}: {{len(found)}} spikes, {{wrong}} differ from those of the trained network")
decided = {decoder}({out}{burn_in}).argmax(axis=1)
accuracy = np.mean(decided == recordings["labels"][:N_RECORDINGS])
trained = np.mean(recordings["decided"][:N_RECORDINGS] == recordings["labels"][:N_RECORDINGS])
print(f"accuracy: {{100 * accuracy:.2f}} % (trained network: {{100 * trained:.2f}} %)")
{verdict}
'''

PAGE = """# {title}

Trained in PyTorch, written for Brian2. `network.py` runs it on {n} recordings and says whether its spikes are those of the trained network.

```sh
pip install {packages}
python network.py
```

| file | what |
|---|---|
| `network.py` | the simulation, with comments |
| `values.npz` | {n_values:,} parameter values in SI units: {n_slots} arrays; those of synapses are (post, pre) |
| `recordings.npz` | input spikes (`recording`, `step`, `channel`), `labels`, `names`; of the trained network `decided`, `expected.*` |

`expected.layer` holds a number for each spike of the trained network: `(recording * n_steps + step) * neurons + neuron`.

## What to expect

{expected}
- accuracy: {accuracy:.2f} %

{spikes}

## One time step ({dt:g} ms)

```text
{orders}
```

## Where it comes from

- checkpoint: sha256 `{digest}`
- made with {versions}
- trained on: {trained_on}
{about}"""

#: How the script ends, and what its page says of spikes: without noise in the equations (False), and with it (True).
VERDICT = {
    False: "sys.exit(1 if different else 0)",
    True: """# There is noise (xi) in the equations, and Brian2 draws it from its own generator: the spikes are others than those of the
# trained network, and equal in law. brian2.seed(0) before the run gives the same ones in every run.""",
}
SPIKES = {
    False: """Every spike should be the same. A voltage that lies within rounding of its threshold could fall on the other side on another
machine; then `network.py` prints how many spikes differ and ends with exit code 1.""",
    True: """There is noise (`xi`) in the equations, and Brian2 draws it from its own generator: the spikes are others than those
counted above, and equal in law.""",
}

#: The field's names, as the models that ship and their variants use them, in a neuroscientist's words.
MEANINGS = {
    "w": "synaptic weight: what a presynaptic spike adds",
    "tau_syn": "time constant of the synaptic current",
    "tau_mem": "membrane time constant",
    "tau_reset": "time constant at which the effect of the neuron's own spike wears off",
    "tau_adapt": "time constant of adaptation",
    "tau_noise": "time constant of the noise",
    "delay": "how much later a spike arrives",
    "theta": "threshold",
    "a": "adaptation: what a spike adds to the slow reset current",
    "R_m": "input resistance of the membrane",
    "g_max": "conductance that a presynaptic spike opens",
    "E_rev": "reversal potential of the synapse, from rest",
    "I": "synaptic current: jumps with a presynaptic spike, then decays with the synapse's own time constant",
    "R": "reset current: jumps with each spike of the neuron and is taken from v, so that it is harder to excite for a while",
    "J_theta": "reset current: jumps by the threshold with each spike of the neuron and is taken from v",
    "J_a": "adaptation current: a slower reset current",
    "M": "what the membrane's capacitance takes from the synaptic currents",
    "g": "synaptic conductance",
    "h": "synaptic conductance times reversal potential",
    "noise": "fluctuations of the membrane potential",
    "v": "membrane potential",
}
AXES = {"post pre": "one for every synapse", "post": "one for every neuron", "layer": "one for the whole layer"}
OWN_NAME = "a name of the model's own"

"""Faults in hs.nn: forms of synapses, pieces of time, and what a net says of itself as a spec."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "elementwise neurons forget what their synapses held when a piece of time ends",
        "training/wiring.py",
        "return leaky_carry(self.weigh(x, w), rho, carried, delay=0)",
        "return leaky_carry(self.weigh(x, w), rho, None, delay=0)",
    ),
    Mutant(
        "a kernel's synapses are laid out from the wrong end",
        "training/nn/written_out.py",
        "full[:, place, source[place, kernel]] = value[:, kernel]",
        "full[:, place, source[place, kernel]] = value[:, ::-1][:, kernel]",
    ),
    Mutant(
        "a bias before neurons is left away without a word",
        "training/nn/transfer.py",
        "if bool(constant.any()):",
        "if bool(constant.isnan().any()):",
    ),
    Mutant(
        "a single step begins at rest",
        "training/nn/neuron_layer.py",
        "run = self.neurons.run(flat, state)",
        "run = self.neurons.run(flat, None if one_step else state)",
    ),
    Mutant(
        "layers begin alike whatever torch's seed is",
        "training/nn/neuron_layer.py",
        "start = self.spec.initial_values(int(torch.randint(2**62, ()).item()))",
        "start = self.spec.initial_values(0)",
    ),
)

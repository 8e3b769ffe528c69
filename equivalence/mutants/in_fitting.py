"""Faults in fitting to recordings: derivatives that go forward, what a neuron is held to, the loss, the search."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "a quotient's derivative forgets its divisor",
        "discrete/tangents.py",
        "_sub(b, y, args, (moves[0], _scaled(b, moves[1], y)))",
        "_sub(b, y, args, (moves[0], None))",
    ),
    Mutant(
        "the series of exprel's slope lacks a term",
        "discrete/tangents.py",
        "for k in range(6, -1, -1)",
        "for k in range(2, -1, -1)",
    ),
    Mutant(
        "a refractory neuron is drawn to the recording",
        "discrete/clamped.py",
        'if "v" in block.frozen:',
        "if not block.frozen:",
    ),
    Mutant(
        "input spikes act on the neuron and on no synapse",
        "discrete/clamped.py",
        "if target in synaptic or target in block.states:",
        "if target in block.states:",
    ),
    Mutant(
        "the neuron is drawn to the sample before",
        "training/fitting/lanes.py",
        "RECORDED_V: _next(self.trials.v)",
        "RECORDED_V: self.trials.v",
    ),
    Mutant(
        "the neuron is drawn to samples that do not count",
        "training/fitting/lanes.py",
        "pull * _next(self.trials.counted)",
        "pull * np.ones_like(self.trials.v)",
    ),
    Mutant(
        "the derivative of a propagator is the propagator",
        "training/fitting/lanes.py",
        "propagator.named(phi[..., :n, n:], gamma[..., :n, n:])",
        "propagator.named(phi[..., :n, :n], gamma[..., :n, n:])",
    ),
    Mutant(
        "a recorded spike is seen a sample too early",
        "training/fitting/reading.py",
        'late = int(name == "spikes")',
        'late = int(name == "input_spikes")',
    ),
    Mutant(
        "a wider threshold makes spikes likelier by the wrong sign",
        "training/fitting/loss.py",
        "-(u / width[:, None])[:, None]",
        "(u / width[:, None])[:, None]",
    ),
    Mutant(
        "the refractory period hides a step too many",
        "training/fitting/questions.py",
        "watched[place + 1 : place + n, trial] = False",
        "watched[place + 1 : place + n + 1, trial] = False",
    ),
    Mutant(
        "the box's scale is linear where it is one of ratios",
        "training/fitting/box.py",
        "self.values(places) * np.log(self.high / self.low)",
        "self.low * np.log(self.high / self.low)",
    ),
    Mutant(
        "the search goes beyond its bounds",
        "training/fitting/search.py",
        "np.clip(state.places[now, None] + steps, 0.0, 1.0)",
        "(state.places[now, None] + steps)",
    ),
    Mutant(
        "paths that met are all followed",
        "training/fitting/search.py",
        "_MET = 1e-3",
        "_MET = 0.0",
    ),
    Mutant(
        "a search that goes on draws the neuron to the recording from the beginning",
        "training/fitting/search.py",
        "for pull in pulls[state.stage :]:",
        "for pull in pulls:",
    ),
)

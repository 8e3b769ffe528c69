"""Faults in synapses that are more than filters: in their step, where they begin, what they hand on, and how scripts are read."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "the statements of a spike are done from the last to the first",
        "discrete/synapses.py",
        "make_tape(statements, [*states, *outputs], names)",
        "make_tape(statements[::-1], [*states, *outputs], names)",
    ),
    Mutant(
        "every synapse begins at 0",
        "discrete/synapses.py",
        "{x: model.initial_synapse_states[x] for x in states},",
        "{x: 0 * model.initial_synapse_states[x] for x in states},",
    ),
    Mutant(
        "of two coupled states the faster one sets the size of what comes of it",
        "discrete/synapses.py",
        "sympy.exp((a + b + apart) / 2 * dt)",
        "sympy.exp((a + b - apart) / 2 * dt)",
    ),
    Mutant(
        "a weight that is subtracted is added",
        "discrete/synapses.py",
        '(expression if jump.operator == "+=" else -expression)',
        "expression",
    ),
    Mutant(
        "a double exponential begins with a jump",
        "discrete/synapses.py",
        "Mode(total, -driven, sympy.exp(b * dt))",
        "Mode(total, -driven * sympy.exp(b * dt), sympy.exp(b * dt))",
    ),
    Mutant(
        "no gradient goes through the spikes that reach a synapse",
        "kernels/plain_synapses.py",
        "after = self._on_pre.run(states)\n",
        "after, z = self._on_pre.run(states), z.detach()\n",
    ),
    Mutant(
        "a piece of time begins with what its filters had at rest",
        "kernels/plain_synapses.py",
        "before = carried.get(name) if name not in sums else None",
        "before = None",
    ),
    Mutant(
        "a presynaptic neuron has one U, whatever its synapses have",
        "kernels/plain_synapses.py",
        "return self.delay is None and all(x.dim() == 0 for x in (*self.constants.values(), *self.begin.values()))",
        "return self.delay is None",
    ),
    Mutant(
        "recurrent synapses stand still between spikes",
        "kernels/plain_stepping.py",
        "synaptic = synapses.advance(synaptic)",
        "synaptic = dict(synaptic)",
    ),
    Mutant(
        "in Brian2 synapses go on where the recording before has left them",
        "brian/equations.py",
        'return _set_at_beginning({names[x]: begin.get(x) for x in model.synapse_equations.states}, suffix="_post")',
        'return _set_at_beginning({names[x]: names[x] for x in begin}, suffix="_post") or ""',
    ),
    Mutant(
        "Brian2 is left to divide by the difference of a rise and a decay that are equal",
        "brian/methods.py",
        "return rates[x, x] == rates[y, y] and 0 in (rates[x, y], rates[y, x])",
        "return 0 in (rates[x, y], rates[y, x])",
    ),
    Mutant(
        "the reference lets every synapse do what one of them does",
        "discrete/reference_synapses.py",
        "self.states[target] = np.where(arrived, value, self.states[target])",
        "self.states[target] = np.where(arrived.any(axis=-1, keepdims=True), value, self.states[target])",
    ),
    Mutant(
        "a sum is over synapses that a script does not have",
        "exchange/brian2_synapses.py",
        "self.weights |= {self.connected} if self.mask else set()",
        "self.weights |= set()",
    ),
    Mutant(
        "states of a script's synapses begin at 0",
        "exchange/brian2_translation.py",
        "initial = {**self.initial, **{x: name for s in self.synapses for x, name in s.initial.items()}}",
        "initial = self.initial",
    ),
)

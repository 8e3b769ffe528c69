"""Faults on the way from continuous time to one step, and in the reference interpreter."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "a parameter may be called as a name of ours",
        "discrete/schemes.py",
        'ACTIVE: Final = symbol("is active")',
        'ACTIVE: Final = symbol("active")',
    ),
    Mutant(
        "Euler's step for the exact one",
        "discrete/linear.py",
        'return sympy.exp(self.matrix[k, k] * symbol("dt"))',
        'return 1 + self.matrix[k, k] * symbol("dt")',
    ),
    Mutant(
        "a second-order step for the exact one",
        "discrete/linear.py",
        'return sympy.exp(self.matrix[k, k] * symbol("dt"))',
        'return (1 + self.matrix[k, k] * symbol("dt") / 2) / (1 - self.matrix[k, k] * symbol("dt") / 2)',
    ),
    Mutant(
        "the neuron's dt is rounded to a tenth of a millisecond",
        "discrete/values.py",
        'return {"dt": spec.dt_s} | {name:',
        'return {"dt": round(spec.dt_s, 4)} | {name:',
    ),
    Mutant(
        "a synapse sees the time constant of the neuron before it",
        "discrete/values.py",
        'seen[f"{name}_post"] = value[..., None] if parameter.axes == "post" else value',
        'seen[f"{name}_post"] = np.resize(value, projection.n_pre) if parameter.axes == "post" else value',
    ),
    Mutant(
        "a path that jumps onto the neuron's state forgets the gain to v",
        "discrete/program.py",
        "at_synapse(decay) if on_synapse else decay, at_synapse(gain) if on_synapse else gain)",
        "at_synapse(decay) if on_synapse else decay, sympy.Integer(1) if on_synapse else gain)",
    ),
    Mutant(
        "the threshold is taken from the left side of the condition",
        "discrete/program.py",
        "theta = tidy(v - (left - right))",
        "theta = tidy(right)",
    ),
    Mutant(
        "a neuron is refractory for a step too many",
        "discrete/stepping.py",
        "np.floor((np.asarray(evaluate(period, values), dtype=np.float64) + 1e-3 * dt) / dt)",
        "np.floor((np.asarray(evaluate(period, values), dtype=np.float64) + 1e-3 * dt) / dt) + 1.0",
    ),
    Mutant(
        "the reference spikes at the threshold",
        "discrete/reference.py",
        "self.spikes = (v > evaluate(",
        "self.spikes = (v >= evaluate(",
    ),
    Mutant(
        "in the reference a state with tau = 0 never forgets",
        "discrete/reference.py",
        "else np.exp(scaled) * np.eye(n)",
        "else np.eye(n)",
    ),
    Mutant(
        "the reference resets with the spikes of this step's first run",
        "discrete/reference.py",
        "self.neuron.jump(jump.target, self.spikes * evaluate(jump.amount, self.values))",
        "self.neuron.jump(jump.target, self.spikes[:1] * evaluate(jump.amount, self.values))",
    ),
)

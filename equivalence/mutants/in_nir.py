"""Faults in NIR graphs that are written and read, and in networks whose synapses share time constants."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "of two sources of one weight only the first counts",
        "exchange/nir/structure.py",
        "if len(sources) != 1:",
        "if not sources:",
    ),
    Mutant(
        "of two weights from one source only the last counts",
        "exchange/nir/foreign.py",
        "values.get(key, 0.0) + projection.weight * gain[:, None]",
        "projection.weight * gain[:, None]",
    ),
    Mutant(
        "of several biases only the first counts",
        "exchange/nir/foreign.py",
        "np.sum([a.bias for a in population.projections], axis=0)",
        "population.projections[0].bias",
    ),
    Mutant(
        "a foreign neuron starts at rest, whatever its bias did in the first step",
        "exchange/nir/foreign.py",
        "at_rest + (1.0 - decay) * r * bias",
        "at_rest",
    ),
    Mutant(
        "a jump is not enlarged where our step lets it decay first",
        "exchange/nir/foreign.py",
        '/ (decay if self.reset_decays else 1.0), "neuron.tau_reset"',
        '/ 1.0, "neuron.tau_reset"',
    ),
    Mutant(
        "a second filter of a synapse takes the first one's place",
        "exchange/nir/foreign.py",
        "    if np.any(here & (w != 0.0)):",
        "    if False:",
    ),
    Mutant(
        "a Delay of any length is one step",
        "exchange/nir/foreign.py",
        " or np.any(np.abs(delay - dt) > SAME_DELAY * dt)",
        "",
    ),
    Mutant(
        "the current of a foreign membrane moves it a step later",
        "exchange/nir/foreign.py",
        "at_once, k = gain, np.where(",
        "at_once, k = 0.0 * gain, np.where(",
    ),
    Mutant(
        "grouped time constants are means of tau",
        "exchange/nir/synapses.py",
        "np.exp(np.average(np.log(values[begin:end]), weights=squares[begin:end]))",
        "np.average(values[begin:end], weights=squares[begin:end])",
    ),
    Mutant(
        "grouping does not look at weights",
        "exchange/nir/synapses.py",
        "np.bincount(inverse, weights=weight**2, minlength=len(values))",
        "np.bincount(inverse, minlength=len(values))",
    ),
    Mutant(
        "the last run of a grouping is a point short",
        "exchange/nir/synapses.py",
        "runs.append((int(start[stop - 1]), stop))",
        "runs.append((int(start[stop - 1]), max(int(start[stop - 1]) + 1, stop - 1)))",
    ),
    Mutant(
        "groups of a neuron that needs fewer are of tau 0",
        "exchange/nir/synapses.py",
        "np.full(n - len(values), values[-1])",
        "np.zeros(n - len(values))",
    ),
    Mutant(
        "the readout's error is that of the spread before",
        "exchange/nir/quantisation.py",
        "float(np.sqrt(np.mean(off**2))) / spread",
        "float(np.sqrt(np.mean(off**2)))",
    ),
    Mutant(
        "decisions are compared with the labels alone",
        "exchange/nir/quantisation.py",
        "int(np.sum(decided[0] != decided[1]))",
        "int(np.sum(decided[1] != data.labels))",
    ),
    Mutant(
        "the weighted error of grouping has no weights",
        "exchange/nir/quantisation.py",
        "np.sqrt(np.average(relative**2, weights=squares))",
        "np.sqrt(np.average(relative**2))",
    ),
)

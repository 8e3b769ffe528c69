"""Faults on the Brian2 side: equations, schedule, values, recordings side by side and one after the other."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "of a neuron's synaptic sums only the first counts",
        "brian/equations.py",
        'expr=Expression(" + ".join(parts))',
        "expr=Expression(parts[0])",
    ),
    Mutant(
        "states are wiped one step after a recording begins",
        "brian/equations.py",
        "{STEPS_PER_RECORDING}{suffix} != 0)",
        "{STEPS_PER_RECORDING}{suffix} != 1)",
    ),
    Mutant(
        "only the first state is wiped between recordings",
        "brian/equations.py",
        'return "\\n".join(f"{state} *= {kept}" for state in states)',
        'return "\\n".join(f"{state} *= {kept}" for state in list(states)[:1])',
    ),
    Mutant(
        "states are wiped before the last spikes of a recording have done their work",
        "brian/schedule.py",
        "wipe_order = 40",
        "wipe_order = 5",
    ),
    Mutant(
        "thresholds are looked at before the sums are taken",
        "brian/schedule.py",
        "return 100 * population + 20",
        "return 100 * population + 5",
    ),
    Mutant(
        "every layer waits for the next step",
        "brian/schedule.py",
        '"""Feed-forward spikes reach population number ``population``."""\n        return 100 * population',
        '"""Feed-forward spikes reach population number ``population``."""\n        return 100',
    ),
    Mutant(
        "recurrent spikes are delivered with the input",
        "brian/network.py",
        'schedule.phase("recurrent") if projection.kind == "recurrent" else schedule.deliver(number)',
        "schedule.deliver(number)",
    ),
    Mutant(
        "values per synapse are filled in the wrong order",
        "brian/network.py",
        'per_synapse = value.T if facts.axes == "post pre"',
        'per_synapse = value.reshape(mask.shape) if facts.axes == "post pre"',
    ),
    Mutant(
        "Brian2 integrates by Euler's method",
        "brian/network.py",
        'METHOD = "exact"',
        'METHOD = "euler"',
    ),
    Mutant(
        "Brian2 connects neurons to themselves",
        "brian/built.py",
        "np.fill_diagonal(mask, False)",
        "np.fill_diagonal(mask, True)",
    ),
    Mutant(
        "times of spikes are cut to steps instead of rounded",
        "brian/record.py",
        "np.rint(np.asarray(monitor.t_) / self.spec.dt_s)",
        "np.floor(np.asarray(monitor.t_) / self.spec.dt_s)",
    ),
    Mutant(
        "a second run begins where the first has ended",
        "brian/simulation.py",
        "built.network.restore(_FRESH)",
        "_ = _FRESH",
    ),
    Mutant(
        "a time constant of 0 reaches compiled code",
        "brian/devices.py",
        "smallest_time=float(np.finfo(float).tiny)",
        "smallest_time=0.0",
    ),
    Mutant(
        "recordings are cut apart with time and recording exchanged",
        "brian/inputs.py",
        "reshape(n_runs // copies, -1, copies, n_neurons).transpose(1, 0, 2, 3)",
        "reshape(-1, n_runs // copies, copies, n_neurons)",
    ),
    Mutant(
        "each copy of a network has the values of one neuron",
        "brian/built.py",
        "np.tile(values, self.copies) if np.ndim(values)",
        "np.repeat(values, self.copies) if np.ndim(values)",
    ),
    Mutant(
        "a copy's synapses lead to the first copy",
        "brian/network.py",
        "(index + size * np.arange(built.copies)[:, None])",
        "(index + (size if size == mask.shape[0] else 0) * np.arange(built.copies)[:, None])",
    ),
)

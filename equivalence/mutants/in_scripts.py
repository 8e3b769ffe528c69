"""Faults on the way from a Brian2 script to a network and back, and in what trains it."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "training makes synapses that the script does not have",
        "exchange/brian2_synapses.py",
        "if self.mask and (not zero or self.trainable is None or zero[0] in self.trainable):",
        "if self.mask and not zero:",
    ),
    Mutant(
        "a threshold that is reached has to be passed",
        "exchange/brian2_texts.py",
        "below = np.nextafter(float(value), -np.inf)",
        "below = float(value)",
    ),
    Mutant(
        "in a script's equations it is a step earlier",
        "exchange/brian2_clock.py",
        "begin: float = 1.0",
        "begin: float = 0.0",
    ),
    Mutant(
        "the second synapse between two neurons has the values of others",
        "exchange/brian2_synapses.py",
        "numbers(c.synapses, n)[c.chosen]",
        "numbers(c.synapses, n)[: c.pre.size]",
    ),
    Mutant(
        "spikes of a group that drives the trained one arrive a step late",
        "brian/schedule.py",
        'owner.thresholder["spike"].order = "groups", 1',
        'owner.thresholder["spike"].order = "thresholds", 1',
    ),
    Mutant(
        "a trained constant of the script stays as it was",
        "exchange/brian2_values.py",
        "owner.namespace = {**(owner.namespace or {}), script.constants.origin[name]: value}",
        "owner.namespace = {**(owner.namespace or {})}",
    ),
    Mutant(
        "spikes of a run's last step are lost for the next run",
        "brian/schedule.py",
        "thresholder.after_run = lambda: None",
        "thresholder.first_run = lambda: None",
    ),
    Mutant(
        "neurons of a script that do not begin at rest are a step ahead",
        "brian/schedule.py",
        "if updater.clock.timestep[:] > 0:",
        "if updater.clock.timestep[:] >= 0:",
    ),
    Mutant(
        "of the distances to the threshold the smallest counts as 1 for a surrogate",
        "training/stepped_layer.py",
        "largest = torch.stack(found).amax()",
        "largest = torch.stack(found).amin()",
    ),
    Mutant(
        "a learning rate counts in the unit that a weight is written in",
        "training/bijections.py",
        "unit = size if 0.0 < size < math.inf else unit",
        "unit = float(unit)",
    ),
)

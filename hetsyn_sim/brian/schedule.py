"""The order inside one step, as Brian2 orders. Brian2's own slots would give other spikes, so everything stands in one slot.

Why this is exact: a group's list of spikes is overwritten only by its own thresholder. What runs earlier in the step still sees the spikes
of the step before, what runs later sees this step's. So the lag of a reset and of recurrence is their place in the order, and no delay.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from brian2 import Network, NeuronGroup, PoissonGroup, PoissonInput, SpikeGeneratorGroup, Synapses
from brian2.core.base import BrianObject

from ..errors import TransferError
from ..spec import StepOrder

#: The one slot that holds the step, and the slot where monitors look at its result.
SLOT, END = "groups", "end"


@dataclass(frozen=True)
class Schedule:
    """Where each kind of event stands in a step. Numbers grow with time; populations are counted from 1."""

    step_order: StepOrder
    #: Whether recordings follow one another in one run, each from where the network begins; else time goes on and nothing begins again.
    recordings: bool = True

    #: This step's input spikes are made. They arrive later, with the first population.
    input_order = 0
    #: When neurons spiked last is forgotten where a recording begins: before Brian2 asks, with the decay, whether they are refractory.
    forget_order = 5
    #: Time courses are read: before the decay, which sees them as they are now.
    courses_order = 7
    #: States are set to where they begin, if a recording does: after the last spikes of the one before have done their work.
    wipe_order = 40
    #: This step's input values are put out: after the decay, in which synapses still see those of the step before.
    values_order = 45
    #: Noise is drawn: what began at zero has it from its first step on.
    noise_order = 50

    def phase(self, name: str) -> int:
        """Order of ``decay``, ``reset`` or ``recurrent``: 10, 20 or 30, as the step order has them."""
        return 10 * (1 + self.step_order.phases.index(name))

    def deliver(self, population: int) -> int:
        """Feed-forward spikes reach population number ``population``."""
        return 100 * population

    def sums(self, population: int) -> int:
        """Its synaptic sums are taken."""
        return 100 * population + 10

    def threshold(self, population: int) -> int:
        """It spikes or not."""
        return 100 * population + 20

    def output(self, population: int) -> int:
        """What it hands on, if that is a value, is read."""
        return 100 * population + 25


def keep_last_spikes(group: NeuronGroup) -> None:
    """Let the spikes of a run's last step have their effect in the first step of the next run, as in one long run.

    Brian2 empties the list of spikes when a run ends. In its own order nobody would read it later; here resets and recurrence may.
    """
    for thresholder in group.thresholder.values():
        thresholder.after_run = lambda: None  # all that Brian2's does


def use_step_order(network: Network, *, sources: Collection[NeuronGroup] = ()) -> None:
    """Let a network of a script of your own step as a network that ``hs.from_brian2`` made of it: with the same spikes.

    Spikes of sources are made first and arrive before thresholds are looked at, sums are taken when spikes have arrived, resets follow
    their thresholds (``RESET_FIRST``), and spikes of a run's last step have their effect in the next run. Neurons that
    do not begin at rest stay there for the first step of all, as in a recording; on a standalone device they do not, and are a step ahead.

    Parameters
    ----------
    network
        Of the script's objects.
    sources
        Neuron groups that were not brought, and drive those that were: their spikes are input, and arrive in the step that makes them.

    Raises
    ------
    TransferError
        If the network is empty, or a source is none of its neuron groups.
    """
    if not network.objects:
        raise TransferError(
            "this network is empty",
            where="use_step_order",
            got=f"{network.name} without objects",
            expected="a brian2.Network of the script's objects",
            remedy="make it of your objects: brian2.Network(source, group, synapses), or Network(brian2.collect())",
        )
    groups = [owner for owner in network.objects if isinstance(owner, NeuronGroup)]
    for source in sources:
        if source not in groups:
            raise TransferError(
                "this is no neuron group of the network",
                where="use_step_order: sources",
                got=getattr(source, "name", repr(source)),
                expected=", ".join(group.name for group in groups),
                remedy="name the NeuronGroups whose spikes are input to what was trained; other sources are known by themselves",
            )
    network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    for owner in network.objects:
        if isinstance(owner, SpikeGeneratorGroup):
            owner.when = "start"
        elif isinstance(owner, PoissonGroup):
            owner.thresholder["spike"].when = "start"
        elif isinstance(owner, NeuronGroup):
            keep_last_spikes(owner)
            if owner in sources and "spike" in owner.thresholder:  # its states have moved, and nothing has arrived
                owner.thresholder["spike"].when, owner.thresholder["spike"].order = "groups", 1
        elif isinstance(owner, Synapses):
            for updater in owner.summed_updaters.values():
                updater.when, updater.order = "synapses", 1
        elif isinstance(owner, PoissonInput):
            _begin_with_second_step(owner)
        if isinstance(owner, NeuronGroup | Synapses) and owner.state_updater is not None:
            _begin_with_second_step(owner.state_updater)


def _begin_with_second_step(updater: BrianObject) -> None:
    run = type(updater).run

    def run_unless_first() -> None:
        if updater.clock.timestep[:] > 0:
            run(updater)

    updater.run = run_unless_first


def place(brian_object: Any, order: int) -> None:
    """Move a Brian2 object to ``order`` in the slot of the step."""
    brian_object.when = SLOT
    brian_object.order = order

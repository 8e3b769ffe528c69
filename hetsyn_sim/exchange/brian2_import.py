"""From a ``NeuronGroup`` and the ``Synapses`` onto it to a network with its values, and trained values back into the objects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.core.namespace import get_local_namespace

from ..data.checkpoint import Checkpoint
from ..models import LeakyReadout
from ..spec import RESET_FIRST, Layer, NetworkSpec, NeuronModel
from ..spec.summary import Summarised
from .brian2_objects import fail
from .brian2_translation import Array, Translation
from .brian2_values import values_of, write_values


@dataclass(frozen=True, repr=False)
class ScriptNetwork(Summarised):
    """A network as a script has it.

    Attributes
    ----------
    spec
        One layer, the group, and the readout that was asked for.
    values
        What the objects hold now, in SI units by slot key; weights as post x pre, 0 where there is no synapse. Input channels are the
        neurons of the synapses' sources, one source after the other.
    """

    spec: NetworkSpec
    values: Mapping[str, Array]

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        return {**self.spec.summary(), "values": ", ".join(key.split(".", 1)[1] for key in self.values)}

    @property
    def model(self) -> NeuronModel:
        """The model of the group."""
        return self.spec.layers[0].model


def from_brian2(
    group: Any,
    synapses: Any = None,
    *,
    readout: int | Layer | None = None,
    inputs: int = 1,
    name: str | None = None,
    namespace: Mapping[str, Any] | None = None,
    trainable: Collection[str] | None = None,
    scheme: str | None = None,
    voltage: str | None = None,
    dale: bool = False,
) -> ScriptNetwork:
    """A Brian2 ``NeuronGroup`` with the ``Synapses`` that lead to it, as a network that begins with the values that they hold now.

    ``hs.fit`` trains it, ``FitResult.write_back`` puts the trained values into the objects, and ``hs.brian.use_step_order`` lets the
    script's own network step as the trained one did.

    Parameters
    ----------
    group
        A whole ``NeuronGroup``, or a list of groups of the same equations, such as excitatory and inhibitory neurons: one layer, their
        neurons one after the other.
    synapses
        One ``Synapses`` object onto the group, or a list of them. Each becomes one more thing that an input spike does; synapses from the
        group onto itself, or between the groups, are the recurrent ones. ``PoissonInput`` objects may be among them: random events.
    readout
        What classes are read from: a number of leaky neurons, or a layer.
    inputs
        How many input channels a group without sources has. Without synapses, their spikes act on ``v`` with weights ``w_input`` that
        begin at 0, so that the neurons do what they do in the script until they are trained.
    name
        Of the model; by default the group's.
    namespace
        Variables of the script that the equations use; by default those that the caller sees, as Brian2 does it.
    trainable
        Parameters that training moves: times within a factor of ten, all others anywhere
        (:meth:`~hetsyn_sim.spec.NeuronModel.with_parameters` changes that). By default those that have a value for every synapse.
    scheme
        How the equations are discretised. By default the group's method. If it names none: with noise ``xi`` Brian2's own choice, Euler's
        method or, where the size of the noise depends on a state, Heun's; else ``"exact"`` if the equations are linear.
    voltage
        What the group calls the membrane potential, which is ``v`` in the model. By default ``v``, or what its threshold looks at.
    dale
        Dale's law: what is trained and has a value for every synapse keeps its sign.

    Raises
    ------
    SpecError
        If the objects do what a spec can't hold, such as plasticity, or a rule is broken: all of it in one message.
    """
    known = get_local_namespace(level=1) if namespace is None else namespace
    translation = Translation(group, synapses, known, trainable, voltage, inputs)
    groups = translation.neurons.group
    model = translation.model(name or groups.name, scheme, dale=dale)
    if not model.spiking:
        spikes = 'give it one; with refractory of the same condition a spike is a crossing, and nothing is reset: threshold="v > 0*mV"'
        fail("a group without a threshold, which a layer needs", groups.name, "neurons that never spike", spikes, "a threshold")
    values = values_of(translation)
    n_input = sum(len(source) for source in translation.sources) or inputs
    layer = Layer(model, len(groups), recurrent=translation.recurrent)
    last = Layer(LeakyReadout, readout) if isinstance(readout, int) else readout
    spec = NetworkSpec(groups.dt, n_input, [layer], last, step_order=RESET_FIRST)
    return ScriptNetwork(spec, {key: value for key, value in values.items() if key in spec.slots})


def write_back(
    checkpoint: Checkpoint,
    group: Any,
    synapses: Any = None,
    *,
    namespace: Mapping[str, Any] | None = None,
    voltage: str | None = None,
) -> None:
    """Put the values of a trained network into the objects that it was made from by :func:`from_brian2`.

    ``namespace`` and ``voltage`` are those of :func:`from_brian2`. Constants of the script that were trained are set in the objects' own
    namespaces, which Brian2 asks first.

    Raises
    ------
    SpecError
        If these are other objects, or a number that was trained stands in the text of an equation.
    """
    known = get_local_namespace(level=1) if namespace is None else namespace
    trained = [name for name, parameter in checkpoint.spec.layers[0].model.parameters.items() if parameter.trainable]
    values = {key: np.asarray(value, dtype=np.float64) for key, value in checkpoint.values.items()}
    write_values(Translation(group, synapses, known, trained, voltage), values, trained)

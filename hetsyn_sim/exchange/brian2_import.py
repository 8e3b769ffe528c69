"""From a ``NeuronGroup`` and the ``Synapses`` onto it to a spec, and the values that they hold to the slots of a network."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..spec.model import NeuronModel
from .brian2_translation import Array, Translation


def from_brian2(
    group: Any,
    synapses: Any = None,
    *,
    name: str | None = None,
    namespace: Mapping[str, Any] | None = None,
    trainable: Collection[str] = (),
    scheme: str | None = None,
) -> NeuronModel:
    """The model of a Brian2 ``NeuronGroup`` with the ``Synapses`` that lead to it.

    Numbers of the script become parameters, with the values that they have now as initial values; the arrays of values are
    :func:`values_from_brian2`'s. A spec has a step order, which Brian2's schedule has to match.

    Parameters
    ----------
    group
        A whole ``NeuronGroup``.
    synapses
        One ``Synapses`` object onto the group, or a list of them. Each becomes one more thing that an input spike does.
    name
        Of the model; by default the group's.
    namespace
        Variables of the script that the equations use and the objects' own namespaces do not have: ``globals()`` will do.
    trainable
        Parameters that training moves: times within a factor of ten, all others anywhere
        (:meth:`~hetsyn_sim.spec.NeuronModel.with_parameters` changes that).
    scheme
        How the equations are discretised. By default the group's method, or ``"exact"`` if it names none and they are linear.

    Raises
    ------
    SpecError
        If the objects do what a spec can't hold, such as plasticity, delays or noise, or a rule is broken.
    """
    translation = Translation(group, synapses, namespace or {})
    return translation.model(name or group.name, trainable, scheme)


def values_from_brian2(group: Any, synapses: Any = None, *, namespace: Mapping[str, Any] | None = None) -> dict[str, Array]:
    """The values that the objects hold now, for a network whose one layer is :func:`from_brian2`'s model of the group.

    Its input channels are the neurons of the synapses' sources, one source after the other; synapses from the group onto itself are the
    layer's recurrent ones. Where there is no synapse, the weight is 0.

    Returns
    -------
    dict
        Slot key, such as ``"layer_1.feedforward.w"``, -> values in SI units, weights as post x pre.

    Raises
    ------
    SpecError
        If a spec can't hold the objects.
    """
    return Translation(group, synapses, namespace or {}).values()

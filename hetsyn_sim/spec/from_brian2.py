"""From a ``NeuronGroup`` and the ``Synapses`` onto it to a spec, and the values that they hold to the slots of a network."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from .brian2_translation import Array, Translation
from .model import NeuronModel

__all__ = ["from_brian2", "values_from_brian2"]


def from_brian2(
    group: Any,
    synapses: Any = None,
    *,
    name: str | None = None,
    namespace: Mapping[str, Any] | None = None,
    trainable: Collection[str] = (),
    scheme: str | None = None,
) -> NeuronModel:
    """The model of a ``NeuronGroup`` with the ``Synapses`` that lead to it; see :meth:`NeuronModel.from_brian2`."""
    found = Translation(group, synapses, namespace or {})
    return found.model(name or group.name, trainable, scheme)


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

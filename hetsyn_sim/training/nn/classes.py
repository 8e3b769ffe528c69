"""Layer classes, made from neuron models."""

from __future__ import annotations

from functools import lru_cache
from textwrap import indent
from typing import Any

from ...errors import SpecError
from ...models import REGISTRY
from ...spec import NeuronModel
from .dense import Dense


def layer_of(model: NeuronModel) -> type[Dense]:
    """The layer class of a neuron, also of one's own: ``layer_of(my_model)(n_in, n_out)``, as for :class:`Dense`.

    Layers of a model that does not ship are rebuilt from the model when they are unpickled.

    Parameters
    ----------
    model
        The neuron: :class:`~hetsyn_sim.spec.NeuronModel`.

    Raises
    ------
    SpecError
        If it is something else.
    """
    if not isinstance(model, NeuronModel):
        raise SpecError(
            "a layer needs a neuron",
            where="hs.nn.layer_of",
            got=repr(model)[:200],
            expected="a NeuronModel",
            remedy="hs.nn has the layers of neurons that ship by their names: hs.nn.HetSynLIF",
        )
    return _of(model)


@lru_cache(maxsize=256)
def _of(model: NeuronModel) -> type[Dense]:
    return _made(model, __name__)


def shipped_layers(module: str) -> dict[str, type[Dense]]:
    """Name -> layer class of every neuron that ships, as classes of a module."""
    return {name: _made(model, module) for name, model in REGISTRY.items()}


def _made(model: NeuronModel, module: str) -> type[Dense]:
    return type(model.name, (Dense,), {"of": model, "__module__": module, "__doc__": _documentation(model), "__reduce__": _reduce})


def _reduce(layer: Dense) -> tuple[Any, ...]:
    shipped = REGISTRY.get(type(layer).of.name) == type(layer).of
    return _blank, (type(layer) if shipped else type(layer).of,), layer.__dict__


def _blank(kind: type[Dense] | NeuronModel) -> Dense:
    kind = kind if isinstance(kind, type) else layer_of(kind)
    return kind.__new__(kind)


def _documentation(model: NeuronModel) -> str:
    text = "\n".join(
        f"{name:<10}{line}" for name in ("synapse", "on_pre", "neuron", "threshold", "reset") for line in getattr(model, name).splitlines()
    )
    kind = "Neurons" if model.spiking else "A readout"
    return f"""{kind} of {model.name} (:mod:`hetsyn_sim.models`), in the forms of :class:`Dense`: {", ".join(model.parameters)}.

    .. code-block:: text

{indent(text, " " * 8)}
    """

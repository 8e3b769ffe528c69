"""Propositions 1 to 3 of the HetSyn paper as rewritings of a network and of its values, in both directions.

A textbook neuron has one membrane that leaks. In HetSyn form every synapse has a state of its own and so has the reset; if all of them
decay alike, their sum obeys the textbook's equation. :func:`in_hetsyn_form` writes tied time constants out as full arrays of equal
entries, so that the HetSyn side takes the same path through every simulator as a network whose time constants differ.
:func:`textbook_of` goes the other way: it ties the time constants of a HetSyn network and gives the textbook network that it then is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnknownNameError
from ..spec import Layer, NetworkSpec, NeuronModel
from . import HetNeuLIF, HetNeuReadout, HetSynLIF, HomNeuALIF, HomNeuALIFNormalised, HomNeuLIF, HomNeuReadout, LeakyReadout
from .hetsyn import SplitResetHetSyn, SplitResetHetSynNormalised

Array = NDArray[np.float64]
Values = Mapping[str, NDArray[Any]]

#: Textbook model -> the model whose tied form it is.
_HETSYN_FORM = {
    HomNeuLIF: HetSynLIF,
    HetNeuLIF: HetSynLIF,
    HomNeuALIF: SplitResetHetSyn,
    HomNeuALIFNormalised: SplitResetHetSynNormalised,
    HomNeuReadout: LeakyReadout,
    HetNeuReadout: LeakyReadout,
}

#: What HetSyn reduces to when its time constants are tied: name of the neuron -> its model, and the readout that goes with it.
REDUCTIONS: Mapping[str, tuple[NeuronModel, NeuronModel]] = MappingProxyType(
    {
        "HetNeuLIF": (HetNeuLIF, HetNeuReadout),
        "HomNeuLIF": (HomNeuLIF, HomNeuReadout),
        "HomNeuALIF": (HomNeuALIF, HomNeuReadout),
    }
)


def _says_the_same(model: NeuronModel, other: NeuronModel) -> bool:
    """Whether two models have the same text. Their parameters may have other axes, bounds and values."""
    return all(getattr(model, part) == getattr(other, part) for part in ("synapse", "on_pre", "neuron", "threshold", "reset"))


def _hetsyn_form_of(model: NeuronModel) -> NeuronModel | None:
    return next((form for textbook, form in _HETSYN_FORM.items() if _says_the_same(model, textbook)), None)


def has_textbook(spec: NetworkSpec) -> bool:
    """Whether a population is a textbook neuron, so that :func:`in_hetsyn_form` rewrites it."""
    return any(_hetsyn_form_of(p.model) is not None for p in spec.populations)


def has_hetsyn(spec: NetworkSpec) -> bool:
    """Whether a layer is HetSynLIF, so that :func:`textbook_of` rewrites it."""
    return any(_says_the_same(layer.model, HetSynLIF) for layer in spec.layers)


def _mapped(spec: NetworkSpec, change: Callable[[NeuronModel], NeuronModel]) -> NetworkSpec:
    def of(layer: Layer) -> Layer:
        return replace(layer, model=change(layer.model))

    return replace(spec, layers=[of(layer) for layer in spec.layers], readout=None if spec.readout is None else of(spec.readout))


def in_hetsyn_spec(spec: NetworkSpec) -> NetworkSpec:
    """The network with every textbook model replaced by its HetSyn form; the neuron's parameters keep their axes, bounds and training."""

    def rewritten(textbook: NeuronModel) -> NeuronModel:
        form = _hetsyn_form_of(textbook)
        if form is None:
            return textbook
        facts = dict(form.parameters)
        membrane = textbook.parameters["tau_mem"]
        for name in facts:
            if name == "tau_syn":
                facts[name] = replace(membrane, axes="post pre")
            else:
                facts[name] = membrane if name == "tau_reset" else textbook.parameters[name]
        return replace(form, parameters=facts, step_order=textbook.step_order)

    return _mapped(spec, rewritten)


def tied_slots(spec: NetworkSpec, population: str) -> list[str]:
    """The slots of a network in HetSyn form that all stand for the ``tau_mem`` of one textbook population."""
    names = ("tau_syn", "tau_reset")
    return [key for key, slot in spec.slots.items() if key.startswith(f"{population}.") and slot.name in names]


def in_hetsyn_form(spec: NetworkSpec, values: Values) -> tuple[NetworkSpec, dict[str, NDArray[Any]]]:
    """The same network in HetSyn form, every synapse's time constant and the reset's equal to the membrane's.

    ``values`` are arrays in SI units by slot key. Populations that are no textbook neurons stay as they are.
    """
    rewritten = in_hetsyn_spec(spec)
    found: dict[str, NDArray[Any]] = {}
    for key, slot in rewritten.slots.items():
        if key in values:
            found[key] = values[key]
        else:
            membrane = values[f"{key.split('.')[0]}.neuron.tau_mem"]
            per_synapse = slot.parameter.axes == "post pre" and membrane.ndim == 1
            found[key] = np.broadcast_to(membrane[:, None] if per_synapse else membrane, slot.shape).copy()
    return rewritten, found


def textbook_of(spec: NetworkSpec, values: Values, name: str) -> tuple[NetworkSpec, dict[str, NDArray[Any]]]:
    """A HetSyn network with its time constants tied, as the textbook network that it then is.

    The membrane's time constant is the median of those of the synapses: a neuron's own for HetNeuLIF, the layer's for the others. What
    HetSyn does not have, the adaptation of HomNeuALIF, takes the model's initial values. Other populations stay as they are.

    Parameters
    ----------
    spec, values
        The network; arrays in SI units by slot key.
    name
        ``"HetNeuLIF"``, ``"HomNeuLIF"`` or ``"HomNeuALIF"``.

    Raises
    ------
    UnknownNameError
        If HetSyn has no reduction of that name.
    """
    if name not in REDUCTIONS:
        raise UnknownNameError(
            "unknown reduction", where="textbook_of", got=repr(name), expected=", ".join(REDUCTIONS), remedy="use one of these"
        )
    neuron, readout = REDUCTIONS[name]

    def rewritten(model: NeuronModel) -> NeuronModel:
        textbook = neuron if _says_the_same(model, HetSynLIF) else readout if _says_the_same(model, LeakyReadout) else None
        if textbook is None:
            return model
        kept = {parameter: fact for parameter, fact in model.parameters.items() if parameter in textbook.parameters}
        return replace(textbook, parameters={**textbook.parameters, **kept}, step_order=model.step_order)

    tied = _mapped(spec, rewritten)
    initial = tied.initial_values(0)
    found: dict[str, NDArray[Any]] = {}
    for key, slot in tied.slots.items():
        if key in values:
            found[key] = values[key]
        elif slot.name == "tau_mem":
            found[key] = _median_of_synapses(spec, values, key.split(".")[0], per_neuron=slot.parameter.axes == "post")
        else:
            found[key] = initial[key]
    return tied, found


def _median_of_synapses(spec: NetworkSpec, values: Values, population: str, *, per_neuron: bool) -> Array:
    """The median time constant of every neuron's synapses, shape (post,), or of all, shape ()."""
    every = []
    for projection in spec.projections_to(population):
        tau = np.asarray(values[f"{projection.name}.tau_syn"], dtype=np.float64)
        shape = (projection.n_post, projection.n_pre)
        per_synapse = np.broadcast_to(tau[:, None] if tau.ndim == 1 else tau, shape).copy()
        if not projection.self_connections:
            np.fill_diagonal(per_synapse, np.nan)  # no synapse
        every.append(per_synapse)
    together = np.concatenate(every, axis=1)
    middle: Array = np.nanmedian(together, axis=1) if per_neuron else np.asarray(np.nanmedian(together))
    return middle

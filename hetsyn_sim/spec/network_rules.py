"""The rules a network must keep, one small function each, as those of a model (:mod:`hetsyn_sim.spec.rules`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ..errors import SpecError
from .parts import Layer

if TYPE_CHECKING:
    from .network import NetworkSpec


def dt_is_a_time(spec: NetworkSpec) -> None:
    """Time goes on, and in steps that end."""
    if not 0.0 < spec.dt_s < float("inf"):
        _fail("dt must be a positive time", "dt", f"{spec.dt_s} s", "a finite time above 0 s", 'give dt with its unit, as in "4 ms"')


def layers_are_layers(spec: NetworkSpec) -> None:
    """There is a layer, and nothing else stands where layers do."""
    if not spec.layers:
        _fail("a network needs a layer", "layers", "none", "at least one Layer", "add Layer(HetSynLIF, 128)")
    for layer in (*spec.layers, *(() if spec.readout is None else (spec.readout,))):
        if not isinstance(layer, Layer):
            _fail("this is not a layer", "layers", type(layer).__name__, "Layer(model, size)", "wrap the model: Layer(HetSynLIF, 128)")


def sizes_are_counts(spec: NetworkSpec) -> None:
    """Numbers of channels and neurons are positive integers."""
    for where, size in ({"n_input": spec.n_input} | {p.name: p.size for p in spec.populations}).items():
        if type(size) is not int or size < 1:
            _fail("a size must be a positive integer", where, repr(size), "1, 2, 3, ...", "give the number of neurons")


def layers_spike_and_readouts_do_not(spec: NetworkSpec) -> None:
    """Layers have a threshold; a readout has neither one nor spikes that could come back to it."""
    for population in spec.populations:
        if population.model.spiking != (population.name != "readout"):
            spikes = "spikes" if population.model.spiking else "has no threshold"
            _fail(
                f"a model that {spikes} can't stand here",
                population.name,
                population.model.name,
                "layers with a threshold and a readout without",
                "use LeakyReadout as readout and spiking models as layers",
            )
    if spec.readout is not None and spec.readout.recurrent:
        _fail("a readout can't be recurrent", "readout", "recurrent=True", "recurrent=False", "a readout does not spike; remove recurrent")


def synapses_get_what_they_take(spec: NetworkSpec) -> None:
    """Synapses that read ``x_pre`` have a source that puts out values."""
    for projection in spec.projections:
        target = spec.population(projection.target).model
        if not target.takes_values:
            continue
        if projection.kind == "recurrent":
            _fail(
                "synapses that take values can't be recurrent",
                projection.name,
                f"{target.name}, whose synapses read x_pre",
                "recurrent=False, or a model with on_pre",
                "let spikes drive the recurrent synapses",
            )
        if projection.source != "input" and not spec.population(projection.source).model.output:
            _fail(
                "synapses that take values have a source that puts out spikes",
                projection.name,
                f"{spec.population(projection.source).model.name} without an output, before {target.name} with x_pre",
                "a source with an output, or synapses with on_pre",
                'say what the source puts out, as in output="s", or use a model with on_pre',
            )


def orders_fit(spec: NetworkSpec) -> None:
    """The network's step order is that of its layers, or there is a layer that has none of its own."""
    orders = {f"layer_{k} ({layer.model.name})": layer.model.step_order for k, layer in enumerate(spec.layers, start=1)}
    if spec.step_order is not None and None not in orders.values() and spec.step_order not in orders.values():
        _fail(
            "the step order is not that of the network's neurons",
            "step_order",
            str(spec.step_order),
            "; ".join(f"{order} for {name}" for name, order in orders.items()),
            "leave step_order out, or give the model another: dataclasses.replace(model, step_order=...)",
        )


#: In this order, so that each may rely on the ones above it.
NETWORK_RULES = (
    dt_is_a_time,
    layers_are_layers,
    sizes_are_counts,
    layers_spike_and_readouts_do_not,
    synapses_get_what_they_take,
    orders_fit,
)


def _fail(what: str, where: str, got: str, expected: str, remedy: str) -> NoReturn:
    raise SpecError(what, where=where, got=got, expected=expected, remedy=remedy)

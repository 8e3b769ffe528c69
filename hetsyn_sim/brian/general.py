"""What of a neuron model goes beyond a sum of filtered events, for places that can do no more than those."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import TransferError
from ..spec import NetworkSpec, NeuronModel


def goes_beyond_filters(model: NeuronModel) -> Iterator[str]:
    """Each thing that a model says and a sum of filtered events does not need, in words."""
    if model.scheme != "exact":
        yield f"scheme={model.scheme!r}"
    if model.refractory:
        yield f"refractory={model.refractory!r}"
    if begins := [state for state, value in model.initial_states.items() if value != 0]:
        yield f"initial values of {', '.join(begins)}"
    if model.takes_values:
        yield "synapses that read x_pre"
    if model.output:
        yield f"output={model.output!r}"
    yield from (f"reset {jump.text!r}" for jump in model.reset_jumps if not jump.is_additive)


def check_filters_only(spec: NetworkSpec, *, what: str, remedy: str) -> None:
    """Raise a TransferError if a model of the network goes beyond a sum of filtered events; ``what`` is the place that can't do it."""
    for population in spec.populations:
        beyond = list(goes_beyond_filters(population.model))
        if beyond:
            raise TransferError(
                f"{what} can't express this model",
                where=f"{population.name}: {population.model.name}",
                got=", ".join(beyond),
                expected="linear equations that begin at 0, solved exactly, with spikes in and out and resets that add",
                remedy=remedy,
            )

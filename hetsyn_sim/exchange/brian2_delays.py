"""Delays of a script's synapses: one parameter of the spec for all ``Synapses`` objects, and back into each of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spec.parameter import Parameter
from ..spec.scope import DELAY
from ..spec.values import on_steps
from .brian2_objects import Connections, fail, pathways_of

Array = NDArray[np.float64]

#: In steps: how far a learned delay may go at least.
_ROOM = 20


def delays_of(connections: Sequence[Connections], trainable: Collection[str] | None) -> tuple[str, Array] | None:
    """What there is one delay per, and all values; None if every spike arrives at once and no delay is to be trained.

    Raises
    ------
    SpecError
        If two objects give the same synapse different delays, or delays are to be trained that the objects can't hold.
    """
    trained = trainable is not None and DELAY in trainable
    if not connections or not (trained or any(np.any(c.delays > 0) for c in connections)):
        return None
    values = np.concatenate([c.delays for c in connections])
    shared = all(_is_shared(c) for c in connections)
    if shared and np.all(values == values[0]):
        return "layer", values[0].reshape(())
    if trained and any(_is_shared(c) for c in connections):
        own = "let each synapse have its own: leave delay= out of Synapses(...), and set synapses.delay = ... after connect()"
        got = ", ".join(c.synapses.name for c in connections if _is_shared(c))
        fail("delays to be trained that these synapses can't hold", got, "one delay for all synapses of an object", own)
    return "post pre", values


def matrix_of_delays(connections: Sequence[Connections], sources: Sequence[Any], shape: tuple[int, int]) -> Array:
    """The delay of every synapse of a projection, in seconds, (post, pre); 0 where there is none."""
    blocks = []
    for source in sources:
        block = np.full((shape[0], len(source)), np.nan)
        for c in (c for c in connections if c.source is source):
            before, own = block[c.post, c.pre], np.broadcast_to(c.delays, c.pre.shape)
            if np.any(before[~np.isnan(before)] != own[~np.isnan(before)]):
                apart = "let both arrive at once, or give one of them a source of its own that sends the same spikes"
                fail(
                    "one synapse with two delays", c.synapses.name, f"another delay than that of synapses from {source.name} before", apart
                )
            block[c.post, c.pre] = own
        blocks.append(np.nan_to_num(block))
    return np.concatenate(blocks, axis=1) if blocks else np.zeros(shape)


def with_room(parameter: Parameter, longest: float, dt: float) -> Parameter:
    """A delay to be trained: from none to twice the longest that there is, or to 20 steps."""
    bounds = (0.0, max(2.0 * longest, _ROOM * dt))
    return Parameter(axes=parameter.axes, unit=parameter.unit, initial=parameter.initial, bounds=bounds, trainable=True)


def write_delays(connections: Connections, delays: Array, dt: float) -> None:
    """Put delays in seconds, one for each synapse of the object or one for all, into it: whole numbers of steps, as Brian2 runs them."""
    whole = on_steps(delays, dt)
    for pathway in pathways_of(connections.synapses):
        variable = pathway.variables[DELAY]
        pathway.state(DELAY, use_units=False).set_item(
            *((slice(None), float(whole.flat[0])) if variable.scalar else (connections.chosen, whole))
        )


def _is_shared(connections: Connections) -> bool:
    return all(pathway.variables[DELAY].scalar for pathway in pathways_of(connections.synapses))

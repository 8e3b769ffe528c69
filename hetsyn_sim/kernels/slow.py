"""What works, but only in plain torch: said once for each model, with what it costs and what to do."""

from __future__ import annotations

import warnings
from functools import cache
from types import MappingProxyType

from ..errors import BackendWarning

#: Reason -> what is slow and how slow (stepping against the compiled kernels, on one core), and what would be faster.
REASONS = MappingProxyType(
    {
        "recurrent delays": (
            "its recurrent synapses have delays, and a model that is stepped takes these in plain torch, some twenty times slower",
            "With recurrent=False its delays are those of a filter; neurons that need no steps, such as HetSynLIF, are compiled.",
        ),
        "recurrent synapses": (
            "its recurrent synapses have states that are stepped with the neurons, in plain torch, several times slower",
            "With recurrent=False they are run ahead of the neurons, which are then stepped by compiled kernels.",
        ),
        "states of synapses": (
            "every synapse has states of its own, (batch, post, pre) in each step, in plain torch, up to a hundred times slower",
            'Parameters that a layer shares (axes="layer") let each presynaptic neuron have the state once.',
        ),
    }
)


@cache
def say_slow(model: str, reason: str) -> None:
    """Warn, the first time that a model is run so.

    Parameters
    ----------
    model
        Its name.
    reason
        One of :data:`REASONS`.
    """
    what, remedy = REASONS[reason]
    warnings.warn(f"{model}: {what}. {remedy}", BackendWarning, stacklevel=4)

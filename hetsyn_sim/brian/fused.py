"""Code runners of the form ``fast``: decay and sum of a projection in one pass over memory, and zeroing only when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from brian2 import Synapses
from brian2.groups.group import CodeRunner
from numpy.typing import NDArray

from .equations import STEPS_PER_RECORDING
from .schedule import SLOT
from .templates import DECAY_AND_SUM, WIPE

_POST, _N_POST, _STARTS = "_synaptic_post", "N_post", "_segment_starts"


def segments(post: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
    """Where runs of synapses onto neighbouring neurons begin, and the number of synapses at the end; ``post`` in the order of synapses."""
    breaks = np.flatnonzero(np.diff(post) != 1) + 1
    return np.concatenate([[0], breaks, [len(post)]]).astype(np.int32)


class DecayAndSum(CodeRunner):
    """``state *= decay``, and ``total`` of every neuron becomes the sum of its synapses' states.

    Brian2's own way is two passes, of which the second adds number by number at places that it looks up.
    """

    def __init__(
        self, synapses: Synapses, state: str, decay: str, total: str | None, post: NDArray[np.integer[Any]], *, order: int, name: str
    ) -> None:
        variables = synapses.variables
        starts = segments(post)
        if _STARTS not in variables:
            variables.add_array(_STARTS, size=len(starts), values=starts, dtype=np.int32, constant=True, read_only=True)
        names = [state, decay, _POST, _STARTS, _N_POST, *([] if total is None else [total])]
        CodeRunner.__init__(
            self,
            group=synapses,
            template=DECAY_AND_SUM,
            code="",
            needed_variables=names,
            clock=synapses.clock,
            when=SLOT,
            order=order,
            name=name,
            template_kwds={
                "_state_var": variables[state],
                "_decay_var": variables[decay],
                "_index_var": variables[_POST],
                "_starts_var": variables[_STARTS],
                "_n_segments": len(starts) - 1,
                "_target_var": None if total is None else variables[total],
                "_target_size_name": _N_POST,
            },
        )
        synapses.contained_objects.append(self)


class Wipe(CodeRunner):
    """Zero states and sums in the first step of every recording."""

    def __init__(self, synapses: Synapses, states: Sequence[str], totals: Sequence[str], *, order: int, name: str) -> None:
        steps = f"{STEPS_PER_RECORDING}_post"
        CodeRunner.__init__(
            self,
            group=synapses,
            template=WIPE,
            code="",
            needed_variables=[*states, *totals, _N_POST, steps],
            clock=synapses.clock,
            when=SLOT,
            order=order,
            name=name,
            template_kwds={
                "_states": [synapses.variables[state] for state in states],
                "_totals": [synapses.variables[total] for total in totals],
                "_target_size_name": _N_POST,
                "_steps_name": steps,
            },
        )
        synapses.contained_objects.append(self)

"""The order of a search: on a piece of the recording the pull is let go, in several ways; then on longer and longer pieces without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .loss import Loss
from .search import Searched, search
from .trials import Trials
from .unfinished import Unfinished

Array = NDArray[np.float64]
#: The pull's time constants: the first in steps, each so many times the one before, up to the last in seconds; then none. A neuron that is
#: drawn to noise is biased, more or less from stage to stage: where one way of letting go leads astray, the other seldom does.
_FIRST, _RATIOS, _LAST = 0.2, (5.0, 2.0), 20e-3
#: The pull is let go on so many seconds from the beginning, in which there are so many spikes; each piece is twice the one before, then.
_PIECE, _ENOUGH = 0.5, 10


def run_stages(problem: Loss, at: Unfinished, most: int, show: Callable[[Searched], None]) -> Searched:
    """Search from where ``at`` is, with ``most`` iterations for a strength of the pull. ``show`` is called after each of them."""
    lanes, found = problem.lanes, None
    drawn = lanes.drawn and problem.noise is not None

    def watch(state: Searched) -> None:
        show(state)
        at.keep(state)

    pieces = _pieces(lanes.trials) if drawn else [lanes.trials.n_steps]
    for n in pieces[at.piece :]:
        piece = replace(problem, lanes=lanes.on(lanes.trials.first(n)))
        ways = [_pulls(lanes.trials.dt, ratio) for ratio in _RATIOS] if drawn and at.piece == 0 else [(0.0,)]
        for pulls in ways[len(at.ends) :]:
            if not (at.ends and at.ends[-1].interrupted):
                at.ends.append(search(piece, at.starts, pulls, most=most, watch=watch, under_way=at.under_way))
                at.under_way = None
        costs = np.stack([end.costs[end.path_of] for end in at.ends])
        places = np.stack([end.places[end.path_of] for end in at.ends])[costs.argmin(axis=0), np.arange(len(at.starts))]
        found = Searched(places, costs.min(axis=0), np.arange(len(places)), interrupted=any(end.interrupted for end in at.ends))
        found.merge()
        if found.interrupted:
            break
        at.piece, at.starts, at.ends = at.piece + 1, places, []
    assert found is not None
    return found


def _pieces(trials: Trials) -> list[int]:
    """How many steps from the beginning each piece has."""
    n = max(round(_PIECE / trials.dt), 2)
    while n < trials.n_steps and (trials.counted[:n].sum() < n // 2 or (trials.spikes is not None and trials.spikes[:n].sum() < _ENOUGH)):
        n *= 2
    pieces = []
    while n < trials.n_steps:
        pieces.append(n)
        n *= 2
    return [*pieces, trials.n_steps]


def _pulls(dt: float, ratio: float) -> tuple[float, ...]:
    """Which part of the way to the recorded voltage a step goes, stage by stage; in the last stage none."""
    n = 1 + max(0, int(np.ceil(np.log(_LAST / (_FIRST * dt)) / np.log(ratio))))
    return (*(-np.expm1(-1.0 / (_FIRST * ratio**k)) for k in range(n)), 0.0)

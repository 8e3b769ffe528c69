"""Levenberg and Marquardt's search from many starts at once, in a box, with the pull towards the recording let go stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .loss import Loss

Array = NDArray[np.float64]
#: Times the last damping: what is tried side by side, since a run without derivatives costs little.
_TRIED = np.array([0.05, 1.0, 20.0])
#: Of the box, in any parameter and one step.
_LONGEST = 0.25
#: A start whose damping is beyond this has nowhere to go.
_GIVEN_UP = 1e9
#: Of the box: two starts that came this near to each other go on as one.
_MET = 1e-3


@dataclass
class Searched:
    """Where the starts have come to.

    Attributes
    ----------
    places, costs
        Of those that are still apart: (path, place) and (path,).
    path_of
        The path that each start is on by now, (start,).
    stage
        How many pulls are done.
    interrupted
        Whether Ctrl-C ended it.
    damping, going, iteration
        Within a stage: of each path its damping and whether it still moves, and how many iterations are done. None between stages.
    """

    places: Array
    costs: Array
    path_of: NDArray[np.int64]
    stage: int = 0
    interrupted: bool = False
    damping: Array | None = None
    going: NDArray[np.bool_] | None = None
    iteration: int = 0

    def merge(self) -> None:
        """Let paths that met go on as one, the best of them."""
        order = np.argsort(self.costs, kind="stable")
        kept: list[int] = []
        goes_to = np.zeros(len(order), dtype=np.int64)
        for path in order:
            near = [k for k, other in enumerate(kept) if np.abs(self.places[other] - self.places[path]).max() < _MET]
            if not near:
                kept.append(int(path))
            goes_to[path] = near[0] if near else len(kept) - 1
        self.places, self.costs, self.path_of = self.places[kept], self.costs[kept], goes_to[self.path_of]


#: Called after every iteration with what was found so far.
Watch = Callable[[Searched], None]


def search(loss: Loss, starts: Array, pulls: tuple[float, ...], *, most: int, watch: Watch, under_way: Searched | None = None) -> Searched:
    """Let go of the pull stage by stage, from ``starts`` (start, place) in the box.

    A stage ends after ``most`` iterations, or when no cost falls by more than a thousandth of it, or a ten-millionth in the last. Ctrl-C
    ends the search with what was found so far. A search that is ``under_way`` goes on from the iteration that it was left in.
    """
    state = under_way or Searched(starts.copy(), np.full(len(starts), np.inf), np.arange(len(starts)))
    try:
        if under_way is None:
            state.costs = loss.cost(state.places, pulls[0])
            state.merge()  # starts may be where an earlier search has ended
        for pull in pulls[state.stage :]:
            last = pull == pulls[-1]
            _descend(loss, state, pull, 4 * most if last else most, 1e-7 if last else 1e-3, watch)
            state.stage += 1
            state.merge()
    except KeyboardInterrupt:
        if not np.isfinite(state.costs).any():
            raise  # nothing was found so far
        state.interrupted = True
    return state


def _descend(loss: Loss, state: Searched, pull: float, most: int, tolerance: float, watch: Watch) -> None:
    if state.damping is None or state.going is None:
        state.costs = loss.cost(state.places, pull)
        state.damping, state.going, state.iteration = np.full(len(state.places), 1e-2), np.isfinite(state.costs), 0
    damping, going = state.damping, state.going
    while state.iteration < most:
        now = np.flatnonzero(going)
        if not now.size:
            break
        steps = _steps(loss, state.places[now], pull, damping[now])
        tried = np.clip(state.places[now, None] + steps, 0.0, 1.0)  # (path, damping, place)
        costs = loss.cost(tried.reshape(-1, tried.shape[-1]), pull).reshape(tried.shape[:2])
        best = costs.argmin(axis=1)
        rows = np.arange(len(now))
        cost, before = costs[rows, best], state.costs[now]
        better = cost < before
        state.places[now[better]], state.costs[now[better]] = tried[rows, best][better], cost[better]
        damping[now] = np.maximum(np.where(better, damping[now] * _TRIED[best], damping[now] * 100.0), 1e-9)
        going[now] = np.where(better, before - cost > tolerance * before, damping[now] < _GIVEN_UP)
        state.iteration += 1
        watch(state)
    state.damping = state.going = None


def _steps(loss: Loss, places: Array, pull: float, damping: Array) -> Array:
    """Steps of (path, damping, place). A place on a bound from which the loss falls outwards stays there."""
    gradient, products = loss.curvature(places, pull)
    held = ((places <= 0.0) & (gradient > 0.0)) | ((places >= 1.0) & (gradient < 0.0))
    gradient = np.where(held, 0.0, gradient)
    products = np.where(held[:, :, None] | held[:, None, :], 0.0, products)
    sizes = np.einsum("spp->sp", products)
    scale = np.sqrt(np.maximum(sizes, 1e-12 * sizes.max(axis=1, keepdims=True) + 1e-300))[:, None]  # (path, 1, place)
    unit = np.eye(places.shape[1])
    scaled = products[:, None] / (scale[..., None] * scale[..., None, :]) + (damping[:, None] * _TRIED)[..., None, None] * unit
    right = np.broadcast_to(gradient[:, None] / scale, scaled.shape[:-1])[..., None]
    steps = -np.linalg.solve(scaled + 1e-14 * unit, right)[..., 0] / scale
    longest = np.abs(steps).max(axis=-1, keepdims=True)
    return np.asarray(steps * np.minimum(1.0, _LONGEST / np.maximum(longest, 1e-300)))

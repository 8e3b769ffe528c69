"""A joint decision: several networks, or parts of one output population, decide together.

The paper announces a "generalized joint decision framework", whose definition was not available here. This is *our reading* of it: output
rates are added up, or every member votes. The published code has neither: it averages the voters of one network, as every network here
does. NumPy only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.errors import DataError, UnknownNameError

#: ``sum``: the class with the highest sum of rates. ``vote``: the class that most members would choose; of equals, the higher sum.
RULES = ("sum", "vote")


def decide(rates: NDArray[Any], rule: str = "sum") -> NDArray[np.int64]:
    """The class that the members decide on, for every image.

    Parameters
    ----------
    rates
        Output rates, (member, image, class).
    rule
        One of :data:`RULES`.

    Raises
    ------
    DataError
        If there is no member or no class, or a rate is not finite.
    UnknownNameError
        If there is no such rule.
    """
    if rule not in RULES:
        raise UnknownNameError(
            "unknown rule of decision", where="decide", got=repr(rule), expected=", ".join(RULES), remedy="use one of these"
        )
    if rates.ndim != 3 or 0 in (rates.shape[0], rates.shape[2]) or not np.all(np.isfinite(rates)):
        raise DataError(
            "nothing can be decided from these rates",
            where="decide",
            got=f"shape {rates.shape}",
            expected="finite numbers, (member, image, class), at least one member and one class",
            remedy="stack the output rates of networks that saw the same images",
        )
    total = rates.astype(np.float64).sum(axis=0)  # (image, class)
    if rule == "sum":
        return np.asarray(total.argmax(axis=1))
    ballots = (rates.argmax(axis=2)[:, :, None] == np.arange(rates.shape[2])).sum(axis=0)  # (image, class)
    return np.asarray(np.where(ballots == ballots.max(axis=1, keepdims=True), total, -np.inf).argmax(axis=1))


def sub_populations(votes: NDArray[Any], n: int) -> NDArray[np.float64]:
    """The voters of one network as ``n`` members of equal size, (member, image, class), from votes (image, class, voter).

    Raises
    ------
    DataError
        If the voters can't be divided so.
    """
    if votes.ndim != 3 or n < 1 or votes.shape[2] % n:
        raise DataError(
            "the voters can't be divided into members",
            where="sub_populations",
            got=f"votes of shape {votes.shape}, {n} members",
            expected="(image, class, voter), and a number that divides the voters",
            remedy="choose another number of members",
        )
    parts = votes.astype(np.float64).reshape(*votes.shape[:2], n, -1).mean(axis=-1)  # (image, class, member)
    return np.moveaxis(parts, -1, 0)

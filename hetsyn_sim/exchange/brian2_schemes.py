"""How the equations of a script are stepped: the scheme of a spec for what Brian2 calls a method."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from .brian2_objects import fail

if TYPE_CHECKING:
    from .brian2_synapses import SpecSynapse

#: Brian2's methods for linear equations; for one state per synapse its exponential Euler is the same.
_EXACT = ("exact", "linear", "independent")


def scheme_of(method: str | None, noise: str | None) -> str | None:
    """The scheme of a method's name; None if Brian2 was left to choose, and there is no noise.

    ``noise`` is ``"additive"``, ``"multiplicative"`` or None, as Brian2 says of equations. Its choices are Euler's method and Heun's.
    """
    if noise is not None:
        return method or {"additive": "euler", "multiplicative": "heun"}[noise]
    # without noise, Brian2's Heun and Milstein are Euler's steps: their corrections are of the noise alone
    return "exact" if method in _EXACT else "euler" if method in ("heun", "milstein") else method


def scheme_of_synapses(synapses: Collection[SpecSynapse]) -> str:
    """The scheme of the synapses of a group, of all objects together.

    Raises
    ------
    SpecError
        If they have different ones.
    """
    schemes = {s.where: s.scheme for s in synapses if s.rates}
    found = set(schemes.values())
    if found == {"exact", "exponential_euler"} and all(s.is_simple for s in synapses if schemes.get(s.where) == "exact"):
        return "exponential_euler"
    if len(found) > 1:
        got = ", ".join(f"{name}: {scheme}" for name, scheme in schemes.items())
        fail("synapses with different methods", ", ".join(schemes), got, "give the Synapses onto one group the same method", "one of these")
    return found.pop() if found else "exact"

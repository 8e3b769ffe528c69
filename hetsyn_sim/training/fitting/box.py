"""The box in which parameters are searched: every place in it is a number from 0 to 1 for each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """Bounds in SI units, each (place,). Between bounds above 0, equal steps are equal ratios.

    Places are not mapped to the whole line, as in training: there a search that ran to a bound too early never comes back.
    """

    low: Array
    high: Array

    @property
    def _ratios(self) -> NDArray[np.bool_]:
        return np.asarray(self.low > 0)

    def values(self, places: Array) -> Array:
        """Values in SI units of places (..., place)."""
        with np.errstate(all="ignore"):
            return np.where(self._ratios, self.low * (self.high / self.low) ** places, self.low + (self.high - self.low) * places)

    def places(self, values: Array) -> Array:
        """The reverse; what lies outside goes to the nearest bound."""
        inside = np.clip(values, self.low, self.high)
        with np.errstate(all="ignore"):
            found = np.where(
                self._ratios, np.log(inside / self.low) / np.log(self.high / self.low), (inside - self.low) / (self.high - self.low)
            )
        return np.asarray(found, dtype=np.float64)

    def slopes(self, places: Array) -> Array:
        """The derivatives of values with respect to places."""
        with np.errstate(all="ignore"):
            return np.where(self._ratios, self.values(places) * np.log(self.high / self.low), self.high - self.low)

"""Arrays in one text for a page: little-endian, one after the other, in base64.

A packed array is named by ``[kind, offset, length]``: the kind of its numbers, where it begins in the bytes, and how many numbers it has.
``u1``, ``u2``, ``u4`` and ``f4`` are what NumPy calls so. ``b2`` is the upper half of a float32: two or three digits, but the range of a
float32, for differences between simulators that lie anywhere from 1e-30 to 1.
"""

from __future__ import annotations

import base64
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: The level of a number that is none; the levels below it count from the lowest value to the highest.
NO_NUMBER: Final = 0xFFFF
_HIGHEST: Final = NO_NUMBER - 1
_ALIGNMENT: Final = 4

Place = list[Any]


class Packer:
    """Bytes that arrays are appended to."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.n_bytes = 0

    def add(self, array: ArrayLike, kind: str) -> Place:
        """Append an array, flattened in C order, as numbers of a ``kind``, and return its place."""
        flat = np.ravel(np.asarray(array))
        content = (_upper_half(flat) if kind == "b2" else flat.astype(f"<{kind}")).tobytes()
        place: Place = [kind, self.n_bytes, int(flat.size)]
        padded = content + bytes(-len(content) % _ALIGNMENT)
        self._parts.append(padded)
        self.n_bytes += len(padded)
        return place

    def unsigned(self, array: ArrayLike, most: int) -> Place:
        """Append whole numbers from 0 to ``most``, in as few bytes as these need."""
        return self.add(array, "u1" if most < 1 << 8 else "u2" if most < 1 << 16 else "u4")

    def levels(self, rows: NDArray[np.floating]) -> dict[str, Place]:
        """Append rows of numbers, (row, time), as levels of 16 bits between the lowest and the highest number of their row."""
        finite = np.isfinite(rows)
        low = np.min(rows, axis=1, where=finite, initial=np.inf)
        high = np.max(rows, axis=1, where=finite, initial=-np.inf)
        low, high = np.where(low <= high, low, 0.0), np.where(low <= high, high, 0.0)  # a row without a number
        span = np.where(high > low, high - low, 1.0)
        scaled = np.rint(_HIGHEST * (np.where(finite, rows, 0.0) - low[:, None]) / span[:, None])
        return {"low": self.add(low, "f4"), "high": self.add(high, "f4"), "levels": self.add(np.where(finite, scaled, NO_NUMBER), "u2")}

    def text(self) -> str:
        """All of it in base64."""
        return base64.b64encode(b"".join(self._parts)).decode("ascii")


def _upper_half(numbers: NDArray[Any]) -> NDArray[np.uint16]:
    """The sign, the exponent and seven digits of each float32, rounded to nearest."""
    with np.errstate(over="ignore"):
        bits = numbers.astype("<f4").view("<u4")
    rounded = np.where(np.isfinite(numbers), bits + 0x8000, bits)
    return (rounded >> 16).astype("<u2")

"""Standard normal numbers that are counted, not drawn: each is a function of where it belongs, so that every simulator sees the same path.

A number belongs to a seed, a step, a neuron, a recording and a stream (a population and a name of noise). Five integers go through ten
rounds of Philox (Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3): exact arithmetic. Of the four words that come out, two
make a number in (0, 1], two make an angle, and Box and Muller's formula makes them normal. Nothing is kept, and no order is needed.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import binom

from ..errors import DataError

#: Philox4x32: the factors of the two products, and what each round adds to the two words of the key.
FACTORS: Final = (0xD2511F53, 0xCD9E8D57)
KEY_STEPS: Final = (0x9E3779B9, 0xBB67AE85)
N_ROUNDS: Final = 10
#: No number is larger: the root of -2 log(2^-53).
LARGEST: Final = 8.6
#: The probability of a larger one.
_RAREST: Final = 4e-18
#: Seeds are below it: Brian2 holds whole numbers in 32 bits, one of them for the sign.
MOST_SEEDS: Final = 2**31

_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
#: Numbers made at once: what is in between then stays in a processor's cache.
_AT_ONCE = 2**14


def check_seed(seed: Any, *, where: str) -> int:
    """A seed of noise, as an int.

    Raises
    ------
    DataError
        If it is no whole number, or out of range.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < MOST_SEEDS:
        remedy = "choose another seed; the same one gives the same noise in every simulator"
        raise DataError("this is no seed for noise", where=where, got=repr(seed), expected=f"0 to {MOST_SEEDS - 1}", remedy=remedy)
    return int(seed)


def stream_of(population: str, name: str) -> int:
    """The number of a stream: of a noise, ``xi``, in a population, ``layer_1``."""
    return zlib.crc32(f"{population}.{name}".encode()) & 0x7FFFFFFF


def standard_normal(seed: Any, recording: Any, step: Any, stream: Any, neuron: Any) -> NDArray[np.float64]:
    """The numbers of these places: whole numbers, or arrays of them, that broadcast against each other."""
    return _in_pieces([np.asarray(x, dtype=np.uint64) for x in (step, neuron, recording, stream, seed)])


@lru_cache(maxsize=64)
def levels_of_events(n: int, p: float) -> tuple[float, ...]:
    """Standard normal numbers above which there are more than 0, 1, 2, ... events of n sources, each with probability p.

    A normal number so becomes a binomial one, of the same law to the last digit that counted numbers have.
    """
    found: list[float] = []
    while (above := float(binom.sf(len(found), n, p))) > _RAREST:
        below = float(binom.cdf(len(found), n, p))
        found.append(float(ndtri(below) if below < 0.5 else -ndtri(above)))
    return tuple(found)


def numbers_of_events(normal: NDArray[np.float64], n: int, p: float) -> NDArray[np.int64]:
    """How many events of n sources of probability p there are, by standard normal numbers."""
    return np.searchsorted(np.array(levels_of_events(n, p)), normal)


def _in_pieces(words: list[NDArray[np.uint64]]) -> NDArray[np.float64]:
    shape = np.broadcast_shapes(*(x.shape for x in words))
    size = int(np.prod(shape))
    if size <= _AT_ONCE:
        return np.asarray(_normal(*words))
    words = [np.broadcast_to(x, shape) for x in words]
    axis = int(np.argmax(shape))
    n_pieces = min(-(-size // _AT_ONCE), shape[axis])
    pieces = zip(*(np.array_split(x, n_pieces, axis) for x in words), strict=True)
    return np.concatenate([_in_pieces(list(piece)) for piece in pieces], axis)


def _normal(*words: NDArray[np.uint64]) -> NDArray[np.float64]:
    *counter, seed = words
    a, b, c, d = philox(counter, [seed, np.uint64(0)])
    # 53 bits each: of the first word 27, of the second 26
    share, turn = ((((x >> np.uint64(5)) << np.uint64(26)) | (y >> np.uint64(6))) * 2.0**-53 for x, y in ((a, b), (c, d)))
    normal: NDArray[np.float64] = np.sqrt(-2.0 * np.log(1.0 - share)) * np.cos(2.0 * np.pi * turn)
    return normal


def philox(counter: Sequence[Any], key: Sequence[Any]) -> tuple[Any, ...]:
    """Philox4x32 of four words and a key of two, each of 32 bits in 64."""
    (a, b, c, d), (one, other) = counter, key
    with np.errstate(over="ignore"):
        for _ in range(N_ROUNDS):
            first, second = a * np.uint64(FACTORS[0]), c * np.uint64(FACTORS[1])
            a, b, c, d = (second >> _HALF) ^ b ^ one, second & _LOW, (first >> _HALF) ^ d ^ other, first & _LOW
            one, other = (one + np.uint64(KEY_STEPS[0])) & _LOW, (other + np.uint64(KEY_STEPS[1])) & _LOW
    return a, b, c, d

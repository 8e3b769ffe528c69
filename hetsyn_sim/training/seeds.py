"""Randomness without state: every draw of a training comes from a seed that is computed from where the training stands."""

from __future__ import annotations

import hashlib


def mixed_seed(*parts: int | str) -> int:
    """A seed of 63 bits from numbers and words, such as ``mixed_seed(seed, "epoch order", 3)``.

    Different parts give unrelated streams, and nothing has to be stored to go on after an interruption: the same epoch or step draws the
    same numbers again.
    """
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1

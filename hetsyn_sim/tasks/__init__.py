"""Tasks: data, recipe and metric, one file each."""

from __future__ import annotations

from .dms import delayed_match_to_sample
from .shd import heidelberg_digits
from .spoken_digits import spoken_digits

__all__ = ["delayed_match_to_sample", "heidelberg_digits", "spoken_digits"]

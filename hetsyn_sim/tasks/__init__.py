"""Tasks: data, recipe and metric, one file each."""

from __future__ import annotations

from .shd import heidelberg_digits
from .spoken_digits import spoken_digits

__all__ = ["heidelberg_digits", "spoken_digits"]

"""Tasks: data, recipe and metric, one file each."""

from __future__ import annotations

from .spoken_digits import spoken_digits

__all__ = ["spoken_digits"]

"""Learned delays beside learned time constants, on speakers who were never heard."""

from .study import DELAYS, TUNING

__all__ = ["DELAYS", "TUNING"]

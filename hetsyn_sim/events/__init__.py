"""Labelled spike recordings and their file: what a task hands to training, to Brian2 and to the analyses. NumPy and h5py only."""

from __future__ import annotations

from .dataset import SpikeDataset

__all__ = ["SpikeDataset"]

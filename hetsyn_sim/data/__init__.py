"""Plain data and their files: recordings, spike data sets, checkpoints. NumPy and h5py only."""

from .events import SpikeDataset

__all__ = ["SpikeDataset"]

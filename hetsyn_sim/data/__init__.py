"""Plain data and their files: recordings, spike data sets, checkpoints. NumPy and h5py only."""

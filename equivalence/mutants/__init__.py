"""Faults planted in the package's own code, one at a time, to see whether the suite notices: ``python -m equivalence.mutants``."""

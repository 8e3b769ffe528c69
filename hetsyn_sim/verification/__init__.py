"""Is the trained network the same in torch and in Brian2? Both run on the same recordings; every population is compared."""

from .outcome import MAX_UNDECIDED, Precision, Verification
from .run import PRECISIONS, as_precision, brian2_side_of, compare, outcome_of, torch_side_of, verify
from .sides import Side, SideBySide, run_side_by_side

__all__ = [
    "MAX_UNDECIDED",
    "PRECISIONS",
    "Precision",
    "Side",
    "SideBySide",
    "Verification",
    "as_precision",
    "brian2_side_of",
    "compare",
    "outcome_of",
    "run_side_by_side",
    "torch_side_of",
    "verify",
]

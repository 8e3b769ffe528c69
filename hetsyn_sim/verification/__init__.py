"""Is the trained network the same in torch and in Brian2? Both run on the same recordings; every population is compared."""

from .outcome import MAX_UNDECIDED, Precision, Verification
from .run import PRECISIONS, as_precision, compare, verify

__all__ = ["MAX_UNDECIDED", "PRECISIONS", "Precision", "Verification", "as_precision", "compare", "verify"]

"""What this machine has of what the package needs, tried and not only looked up, and what to do about what is missing."""

from .diagnose import diagnose
from .finding import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "diagnose"]

"""A certificate for a network of one's own: what was checked, on which simulators, within which bounds, and the verdict.

Four checks (:data:`CHECKS`): every simulator runs the network alike; the reductions of HetSyn hold for its weights; its steps are exact
at any dt; and what is in the file is what is in Brian2.
"""

from .certify import CHECKS, certify
from .outcome import Certificate, Check, Finding
from .subject import Subject

__all__ = ["CHECKS", "Certificate", "Check", "Finding", "Subject", "certify"]

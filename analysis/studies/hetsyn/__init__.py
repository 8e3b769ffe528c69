"""Experiments of the HetSyn paper (Deng et al. 2025), run again with several seeds: rows, tables beside the paper's numbers, claims."""

from . import claims_digits, claims_dms, claims_memory, claims_patterns
from .digits import DIGITS, SPEAKERS
from .dms import DMS, DMS_SUCCESS
from .dms_memory import MEMORY
from .patterns import PATTERNS
from .smnist import SMNIST

#: Every study by its name, in the order in which `hetsyn study all` begins them.
STUDIES = {study.name: study for study in (DMS, MEMORY, DMS_SUCCESS, PATTERNS, DIGITS, SPEAKERS, SMNIST)}
#: In the order of the paper.
CLAIMS = (*claims_patterns.CLAIMS, *claims_dms.CLAIMS, *claims_memory.CLAIMS, *claims_digits.CLAIMS)

__all__ = ["CLAIMS", "STUDIES"]

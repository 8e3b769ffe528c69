"""Published experiments, run again with several seeds: rows, a table beside the paper's numbers, intervals."""

from ..claims import claim_lines
from ..study import Study, run_studies
from .digits import DIGITS, SPEAKERS
from .dms import DMS
from .patterns import PATTERNS
from .smnist import SMNIST

#: Every study by its name, in the order in which `hetsyn study all` begins them.
STUDIES = {study.name: study for study in (DMS, PATTERNS, DIGITS, SPEAKERS, SMNIST)}

__all__ = ["STUDIES", "Study", "claim_lines", "run_studies"]

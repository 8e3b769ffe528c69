"""Folders that show what a training, a verification and a certificate gave: figures, a page to read, and the numbers for machines."""

from .certificate import write_certificate
from .ladder import ladder_table, write_ladder
from .material import run_material
from .write import write_report

__all__ = ["ladder_table", "run_material", "write_certificate", "write_ladder", "write_report"]

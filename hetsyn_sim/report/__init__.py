"""A folder that shows what a training and its verification gave: figures, a page to read, and the numbers for machines."""

from .material import run_material
from .write import write_report

__all__ = ["run_material", "write_report"]

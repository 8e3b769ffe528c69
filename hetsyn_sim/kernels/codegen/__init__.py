"""Compiled kernels for populations that are stepped: C++ generated from a program's tapes, compiled at first use and kept.

A tape is a list of operations from a closed list, and all that gets into a source are these and numbers: a model's text never does.
"""

from .compiler import find_compiler
from .scan import compiled_step_scan, covers

__all__ = ["compiled_step_scan", "covers", "find_compiler"]

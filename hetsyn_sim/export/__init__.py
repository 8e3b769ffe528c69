"""A trained network for other programs: a Brian2 script with everything it reads, a NIR graph, or tables."""

from .csv_tables import ExportedTables, export_csv
from .folder import Exported, export_brian2
from .nir import ExportedNIR, export_nir, to_nir

__all__ = ["Exported", "ExportedNIR", "ExportedTables", "export_brian2", "export_csv", "export_nir", "to_nir"]

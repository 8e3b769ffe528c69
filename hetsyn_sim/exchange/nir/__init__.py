"""Networks to and from the Neuromorphic Intermediate Representation (NIR): one vocabulary for both ways."""

from .exporting import ExportedNIR, export_nir, to_nir
from .importing import from_nir, import_nir
from .quantisation import effect_of, quantise
from .readers import READERS, loads_in
from .vocabulary import NIR_MODELS, READINGS

__all__ = [
    "NIR_MODELS",
    "READERS",
    "READINGS",
    "ExportedNIR",
    "effect_of",
    "export_nir",
    "from_nir",
    "import_nir",
    "loads_in",
    "quantise",
    "to_nir",
]

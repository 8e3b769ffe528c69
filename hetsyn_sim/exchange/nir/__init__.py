"""Networks to and from the Neuromorphic Intermediate Representation (NIR): one vocabulary for both ways."""

from .exporting import ExportedNIR, export_nir, to_nir
from .importing import from_nir, import_nir
from .quantisation import effect_of, quantise
from .vocabulary import NIR_MODELS, READINGS

__all__ = ["NIR_MODELS", "READINGS", "ExportedNIR", "effect_of", "export_nir", "from_nir", "import_nir", "quantise", "to_nir"]

"""Networks that other programs have trained, as checkpoints: they simulate, verify and export like any other."""

from .nir import from_nir, import_nir
from .official import LAYOUTS, import_network
from .state_dict import read_state_dict

__all__ = ["LAYOUTS", "from_nir", "import_network", "import_nir", "read_state_dict"]

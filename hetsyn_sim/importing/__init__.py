"""Networks that other programs have trained, as checkpoints: they simulate, verify and export like any other."""

from .official import LAYOUTS, import_network
from .state_dict import read_state_dict

__all__ = ["LAYOUTS", "import_network", "read_state_dict"]

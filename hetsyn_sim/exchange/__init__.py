"""Networks in and out: NIR graphs, Brian2 objects and scripts, the published HetSyn code, tables, Neo."""

from .brian2_import import ScriptNetwork, from_brian2, write_back
from .brian_script import Exported, export_brian2
from .csv_tables import ExportedTables, export_csv
from .fit_script import export_fit
from .nir import ExportedNIR, export_nir, from_nir, import_nir, to_nir
from .official import LAYOUTS, import_network
from .state_dict import read_state_dict

__all__ = [
    "LAYOUTS",
    "Exported",
    "ExportedNIR",
    "ExportedTables",
    "ScriptNetwork",
    "export_brian2",
    "export_csv",
    "export_fit",
    "export_nir",
    "from_brian2",
    "from_nir",
    "import_network",
    "import_nir",
    "read_state_dict",
    "to_nir",
    "write_back",
]

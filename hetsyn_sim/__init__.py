"""A spiking neuron written once as Brian2 equations, trained in PyTorch, simulated in Brian2, and proven to be the same neuron.

Names are imported when they are first used, so that ``import hetsyn_sim`` costs nothing.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import brian, models, tasks
    from .agreement.outcome import Comparison, Verification
    from .agreement.proofs import Proof, prove
    from .agreement.verify import compare, verify
    from .brian.additions import Additions
    from .brian.transfer import to_brian2
    from .data.checkpoint import Checkpoint
    from .data.events import SpikeDataset
    from .data.recording import Recording
    from .data.recording_file import load_recording, save_recording
    from .discrete import simulate_reference
    from .errors import HetSynError
    from .exchange import from_brian2
    from .report import plots, write_report, write_view
    from .spec import UNBOUNDED, Layer, NetworkSpec, NeuronModel, Parameter, StepOrder
    from .tasks.encode import encode
    from .training import nn
    from .training.fit import fit
    from .training.fitting import RecordingsFit, fit_recordings
    from .training.layer import SpikingLayer
    from .training.network import Network
    from .training.recipe import Recipe, load_recipe
    from .training.result import FitResult
    from .training.settings import Training

__all__ = [
    "UNBOUNDED",
    "Additions",
    "Checkpoint",
    "Comparison",
    "FitResult",
    "HetSynError",
    "Layer",
    "Network",
    "NetworkSpec",
    "NeuronModel",
    "Parameter",
    "Proof",
    "Recipe",
    "Recording",
    "RecordingsFit",
    "SpikeDataset",
    "SpikingLayer",
    "StepOrder",
    "Training",
    "Verification",
    "__version__",
    "brian",
    "compare",
    "encode",
    "fit",
    "fit_recordings",
    "from_brian2",
    "load_recipe",
    "load_recording",
    "models",
    "nn",
    "plots",
    "prove",
    "save_recording",
    "simulate_reference",
    "tasks",
    "to_brian2",
    "verify",
    "write_report",
    "write_view",
]

try:
    __version__ = version("hetsyn-sim")
except PackageNotFoundError:  # a source tree on the path that nobody installed
    __version__ = "0+unknown"

# Where the names above live. A name must not be that of a module of this package, which Python would put in its place on import.
_HOMES = {
    "agreement.outcome": ("Comparison", "Verification"),
    "agreement.proofs": ("Proof", "prove"),
    "agreement.verify": ("compare", "verify"),
    "brian.additions": ("Additions",),
    "brian.transfer": ("to_brian2",),
    "data.events": ("SpikeDataset",),
    "data.checkpoint": ("Checkpoint",),
    "data.recording": ("Recording",),
    "data.recording_file": ("load_recording", "save_recording"),
    "discrete": ("simulate_reference",),
    "errors": ("HetSynError",),
    "exchange": ("from_brian2",),
    "report": ("plots", "write_report", "write_view"),
    "spec": ("UNBOUNDED", "Layer", "NetworkSpec", "NeuronModel", "Parameter", "StepOrder"),
    "tasks.encode": ("encode",),
    "training.fit": ("fit",),
    "training.fitting": ("RecordingsFit", "fit_recordings"),
    "training.layer": ("SpikingLayer",),
    "training.network": ("Network",),
    "training.recipe": ("Recipe", "load_recipe"),
    "training.result": ("FitResult",),
    "training.settings": ("Training",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    elif name == "nn":  # torch's layers, by the name that torch has for them
        value = import_module(".training.nn", __name__)
    elif name in ("brian", "models", "tasks"):
        value = import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

"""A spiking neuron written once as Brian2 equations, trained in PyTorch, simulated in Brian2, and proven to be the same neuron."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("hetsyn-sim")
except PackageNotFoundError:  # a source tree on the path that nobody installed
    __version__ = "0+unknown"

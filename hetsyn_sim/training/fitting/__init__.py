"""Fitting a neuron to recordings: its parameters from currents, voltages and spikes."""

from .fit import fit_recordings
from .result import RecordingsFit
from .trials import Trials

__all__ = ["RecordingsFit", "Trials", "fit_recordings"]

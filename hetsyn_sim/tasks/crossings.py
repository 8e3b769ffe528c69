"""Threshold crossings of a mel spectrogram: the encoding of Gütig (2016), as Deng et al. 2025 (HetSyn, App. D) used it for words.

The stages, for one recording:

1. **Mel spectrogram.** Power of Hann windows of ``n_fft`` samples, one for each step of ``dt``, in ``n_bands`` triangular mel bands from
   ``lowest`` to ``highest``; its logarithm.
2. **Level.** Every band from 0 at its lowest to 1 at its highest value in this recording.
3. **Crossings.** ``n_thresholds`` equally spaced thresholds for each band. An onset channel spikes where the level rises through its
   threshold, an offset channel where it falls through it; one more channel marks the band's maximum.

Channels of band b: ``b * (2 n + 1)`` and so on: n onsets, n offsets, the maximum; 16 bands with 15 thresholds make 496 channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from ..errors import DataError
from .recordings import check_signal

_FLOOR = 1e-10  # of the loudest power: what lies below is silence


def mel(frequency: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The place of a frequency (Hz) on O'Shaughnessy's mel scale."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(frequency, dtype=np.float64) / 700.0))


def mel_bands(n_bands: int, lowest: float, highest: float, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Triangular weights, shape (band, frequency): each band rises from the centre of the one before and falls to that of the next."""
    edges = 700.0 * (10.0 ** (np.linspace(float(mel(lowest)), float(mel(highest)), n_bands + 2) / 2595.0) - 1.0)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (frequencies - left) / (centre - left), (right - frequencies) / (right - centre)
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)))


@dataclass(frozen=True)
class CrossingEncoder:
    """The encoder's settings; calling it on a signal gives a raster.

    Attributes
    ----------
    sampling_rate
        Of the recordings, in Hz.
    dt
        Time step in seconds.
    n_fft, n_bands, lowest, highest, n_thresholds
        As published: 512 samples, 16 bands from 360 to 8,000 Hz, or to the Nyquist frequency where that is lower, 15 thresholds.

    Raises
    ------
    DataError
        If dt is shorter than a sample, or the bands do not fit below the Nyquist frequency.
    """

    sampling_rate: int
    dt: float = 0.005
    n_fft: int = 512
    n_bands: int = 16
    lowest: float = 360.0
    highest: float = 8000.0
    n_thresholds: int = 15

    def __post_init__(self) -> None:
        if not (self.dt * self.sampling_rate >= 1.0 and 0.0 < self.lowest < self.top and min(self.n_bands, self.n_thresholds) >= 1):
            raise DataError(
                "recordings can't be encoded like this",
                where="CrossingEncoder",
                got=f"dt {self.dt:g} s, {self.sampling_rate} Hz, {self.n_bands} bands from {self.lowest:g} Hz, {self.n_thresholds} levels",
                expected="dt of at least one sample, a band and a threshold, and a lowest frequency below half the sampling rate",
                remedy="choose dt such as 0.005 s",
            )

    @property
    def top(self) -> float:
        """Upper edge of the last band in Hz."""
        return min(self.highest, self.sampling_rate / 2.0)

    @property
    def n_channels(self) -> int:
        """Channels of the raster."""
        return self.n_bands * (2 * self.n_thresholds + 1)

    @cached_property
    def _transform(self) -> ShortTimeFFT:
        hop = max(1, round(self.dt * self.sampling_rate))
        return ShortTimeFFT(hann(self.n_fft, sym=False), hop, self.sampling_rate)

    def __call__(self, signal: NDArray[np.floating], *, name: str = "signal") -> NDArray[np.bool_]:
        """Encode a signal of shape (sample,) as a raster of shape (step, channel); ``name`` is for messages."""
        return self.crossings(self.levels(signal, name=name))

    def levels(self, signal: NDArray[np.floating], *, name: str = "signal") -> NDArray[np.float64]:
        """Stages 1 and 2: every band from 0 to 1, shape (step, band).

        Raises
        ------
        DataError
            If the signal is too short for a window, silent or not finite.
        """
        check_signal(signal, self.n_fft, where=name)
        power = np.abs(self._transform.stft(signal, p0=0, p1=1 + (signal.size - 1) // self._transform.hop)) ** 2  # (frequency, step)
        bands = mel_bands(self.n_bands, self.lowest, self.top, self._transform.f) @ power  # (band, step)
        logarithm = np.log(np.maximum(bands, _FLOOR * bands.max()))
        low, high = logarithm.min(axis=1, keepdims=True), logarithm.max(axis=1, keepdims=True)
        span = np.where(high > low, high - low, 1.0)
        return np.asarray(((logarithm - low) / span).T)

    def crossings(self, levels: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Stage 3: levels of shape (step, band) to a raster of shape (step, channel). Nothing crosses in the first step."""
        thresholds = np.arange(1, self.n_thresholds + 1) / (self.n_thresholds + 1)
        above = levels[:, :, None] >= thresholds  # (step, band, threshold)
        onsets, offsets = np.zeros_like(above), np.zeros_like(above)
        onsets[1:], offsets[1:] = above[1:] & ~above[:-1], above[:-1] & ~above[1:]
        peak = np.zeros((*levels.shape, 1), dtype=bool)
        peak[levels.argmax(axis=0), np.arange(levels.shape[1])] = levels.max(axis=0)[:, None] > 0.0
        return np.asarray(np.concatenate([onsets, offsets, peak], axis=2).reshape(len(levels), -1))

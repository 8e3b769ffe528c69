"""A gammatone filterbank that returns envelopes: the cochlea's frequency analysis, causal and in closed form.

Each channel is the all-pole complex gammatone filter of Hohmann (2002), Acta Acustica 88, 433-442: four equal first-order complex
filters in a row. Its output is (nearly) an analytic signal, so its magnitude *is* the envelope and no rectifier or low-pass is needed.
The impulse response has a closed form, ``h[n] = gain * (n+1)(n+2)(n+3)/6 * pole**n``, which is how the tests check the recursion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from ..errors import DataError

ORDER = 4
# The equivalent rectangular bandwidth of a fourth-order gammatone filter is 0.982 times its bandwidth parameter b, hence b = 1.019 ERB:
# pi * (2m-2)! / (2^(2m-2) * ((m-1)!)^2) for m = 4, that is pi * 6! / (2^6 * 3!^2) = pi * 0.3125 (Holdsworth et al. 1988).
_ERB_OF_UNIT_BANDWIDTH = np.pi * 0.3125


def erb(frequency: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Equivalent rectangular bandwidth (Hz) of the human auditory filter at a frequency in Hz (Glasberg and Moore 1990)."""
    return np.asarray(24.7 * (4.37 * np.asarray(frequency, dtype=np.float64) / 1000.0 + 1.0))


def erb_number(frequency: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The place of a frequency (Hz) on the ERB-number scale, in Cams: the integral of 1 / erb, with the paper's rounded 21.4."""
    return np.asarray(21.4 * np.log10(4.37 * np.asarray(frequency, dtype=np.float64) / 1000.0 + 1.0))


def erb_spaced(lowest: float, highest: float, n_channels: int) -> NDArray[np.float64]:
    """``n_channels`` centre frequencies (Hz) from ``lowest`` to ``highest``, equally far apart on the ERB-number scale."""
    places = np.linspace(float(erb_number(lowest)), float(erb_number(highest)), n_channels)
    return np.asarray((10.0 ** (places / 21.4) - 1.0) * 1000.0 / 4.37)


class GammatoneFilterbank:
    """Complex gammatone filters, one ERB wide, at ERB-spaced centre frequencies.

    Parameters
    ----------
    sampling_rate
        In Hz.
    n_channels
        Number of filters; channel 0 has the lowest frequency.
    lowest, highest
        Centre frequencies (Hz) of the first and the last channel.

    Raises
    ------
    DataError
        If the centre frequencies are not positive, not increasing, or reach the Nyquist frequency.
    """

    def __init__(self, sampling_rate: float, n_channels: int = 70, lowest: float = 100.0, highest: float = 3600.0) -> None:
        if not (0.0 < lowest < highest < sampling_rate / 2.0 and n_channels >= 1):
            raise DataError(
                "the filterbank does not fit below the Nyquist frequency",
                where="GammatoneFilterbank",
                got=f"{n_channels} channels from {lowest:g} Hz to {highest:g} Hz",
                expected=f"at least one channel and 0 < lowest < highest < {sampling_rate / 2.0:g} Hz",
                remedy="choose another frequency range, or recordings of a higher sampling rate",
            )
        self.sampling_rate = float(sampling_rate)
        self.centre_frequencies = erb_spaced(lowest, highest, n_channels)  # (channel,) Hz
        bandwidth = erb(self.centre_frequencies) / _ERB_OF_UNIT_BANDWIDTH
        radius = np.exp(-2.0 * np.pi * bandwidth / self.sampling_rate)
        self.poles = radius * np.exp(2j * np.pi * self.centre_frequencies / self.sampling_rate)  # (channel,)
        # A cosine of amplitude 1 at the centre frequency comes out with envelope 1: half of it is the rotating phasor the filter passes.
        self.gains = 2.0 * (1.0 - radius) ** ORDER  # (channel,)

    @property
    def n_channels(self) -> int:
        """Number of filters."""
        return int(self.poles.size)

    def __call__(self, signal: NDArray[np.floating]) -> NDArray[np.complex128]:
        """Filter a signal of shape (sample,), starting from silence, to analytic subband signals of shape (sample, channel)."""
        out = np.empty((signal.size, self.n_channels), dtype=np.complex128)
        for channel, (pole, gain) in enumerate(zip(self.poles, self.gains, strict=True)):
            band = signal * gain
            for _ in range(ORDER):  # four times one pole: exact where one section with a fourfold pole would be ill conditioned
                band = lfilter([1.0], [1.0, -pole], band)
            out[:, channel] = band
        return out


def mean_power(subbands: NDArray[np.complex128], samples_per_step: int) -> NDArray[np.float64]:
    """Mean squared envelope in every step of ``samples_per_step`` samples: (sample, channel) -> (step, channel).

    The last step is filled up with silence, so a recording of n samples has ``ceil(n / samples_per_step)`` steps. Step k looks at
    samples ``k * samples_per_step`` to ``(k + 1) * samples_per_step - 1`` and none later.
    """
    n_samples, n_channels = subbands.shape
    n_steps = -(-n_samples // samples_per_step)
    power = np.zeros((n_steps * samples_per_step, n_channels))  # (sample, channel)
    power[:n_samples] = subbands.real**2 + subbands.imag**2
    return np.asarray(np.add.reduce(power.reshape(n_steps, samples_per_step, n_channels), axis=1) / samples_per_step)

"""Small sounds instead of the real recordings."""

import wave

import numpy as np
import pytest

RATE = 8000


def tone(frequency, duration=0.3, amplitude=0.5):
    """A sine, shape (sample,)."""
    return amplitude * np.sin(2.0 * np.pi * frequency * np.arange(round(duration * RATE)) / RATE)


def write_wav(path, signal, *, rate=RATE, n_channels=1, width=2):
    """A PCM file; ``signal`` between -1 and 1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((n_channels, width, rate, 0, "NONE", None))
        file.writeframes(np.rint(signal * 32767.0).astype("<i2").tobytes())


@pytest.fixture
def folder(tmp_path):
    """Two digits, two speakers, recordings 3 to 10: tones that differ by digit, speaker and recording."""
    for digit in (0, 1):
        for k, speaker in enumerate(("ada", "bo")):
            for index in range(3, 11):
                signal = tone(300.0 * (1 + digit) + 40.0 * k + 5.0 * index, duration=0.15 + 0.01 * index)
                write_wav(tmp_path / "recordings" / f"{digit}_{speaker}_{index}.wav", signal)
    return tmp_path / "recordings"

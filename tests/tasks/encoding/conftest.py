"""Small sounds instead of the real recordings."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

RATE = 8000


def tone(frequency: float, duration: float = 0.3, amplitude: float = 0.5) -> np.ndarray:
    """A sine, shape (sample,)."""
    return amplitude * np.sin(2.0 * np.pi * frequency * np.arange(round(duration * RATE)) / RATE)


def write_wav(path: Path, signal: np.ndarray, *, rate: int = RATE, n_channels: int = 1, width: int = 2) -> None:
    """A PCM file; ``signal`` between -1 and 1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setframerate(rate)
        file.setnchannels(n_channels)
        file.setsampwidth(width)
        file.writeframes(np.rint(signal * 32767.0).astype("<i2").tobytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two digits, two speakers, recordings 3 to 10: tones that differ by digit, speaker and recording."""
    for digit in (0, 1):
        for k, speaker in enumerate(("ada", "bo")):
            for index in range(3, 11):
                signal = tone(300.0 * (1 + digit) + 40.0 * k + 5.0 * index, duration=0.15 + 0.01 * index)
                write_wav(tmp_path / "recordings" / f"{digit}_{speaker}_{index}.wav", signal)
    return tmp_path / "recordings"


@pytest.fixture
def make_wav() -> Callable[..., None]:
    """:func:`write_wav`, for modules that can't import a conftest."""
    return write_wav


@pytest.fixture
def make_tone() -> Callable[..., np.ndarray]:
    """:func:`tone`."""
    return tone

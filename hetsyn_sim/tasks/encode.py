"""Recorded words to spikes: ``encode("recordings.zip").save("digits.h5")``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..data.events import SpikeDataset
from ..errors import DataError
from .encoder import SpikeEncoder
from .recordings import read_sounds

_NAME = re.compile(r"(?P<digit>[0-9])_(?P<speaker>.+)_(?P<index>[0-9]+)")
_FIRST_TRAINING_INDEX = 5  # the dataset's authors: "the test set consists of the first 10 %", indices 0 to 4 of 50


def encode(
    source: str | Path,
    *,
    dt: float = 0.010,
    info: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    **settings: Any,
) -> SpikeDataset:
    """Encode a folder or an archive of recordings named ``{digit}_{speaker}_{index}.wav``.

    Parameters
    ----------
    source
        Folder, .tar.xz/.txz, .tar.gz or .zip archive.
    dt
        Time step of the spikes in seconds, a whole number of samples.
    info
        Added to the dataset's ``info``, say its licence.
    progress
        Called with (recordings done, recordings in all) after each.
    **settings
        The other settings of :class:`SpikeEncoder`.

    Returns
    -------
    data
        Ordered by digit, speaker and index; indices 0 to 4 are the test split, the rest is for training.

    Raises
    ------
    DataError
        If the source or a recording can't be read (see :func:`read_sounds`), a recording is silent, or a name does not follow the pattern.
    """
    encoder = SpikeEncoder(dt=dt, **settings)
    sounds = read_sounds(source, sampling_rate=encoder.sampling_rate)
    recordings = sorted(((*_parsed(sound.name, str(source)), sound) for sound in sounds), key=lambda entry: entry[:3])
    rasters = []
    for done, (_, _, _, sound) in enumerate(recordings, start=1):
        rasters.append(encoder(sound.signal, name=sound.name))
        if progress is not None:
            progress(done, len(recordings))
    return SpikeDataset.from_raster(
        rasters,
        dt=dt,
        labels=[digit for digit, _, _, _ in recordings],
        speakers=[speaker for _, speaker, _, _ in recordings],
        names=[sound.name for _, _, _, sound in recordings],
        split=["test" if index < _FIRST_TRAINING_INDEX else "train" for _, _, index, _ in recordings],
        info={**encoder.settings(), **(info or {})},
    )


def _parsed(name: str, where: str) -> tuple[int, str, int]:
    """Digit, speaker, index."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise DataError(
            "the file name does not say what was spoken",
            where=where,
            got=f"{name}.wav",
            expected="{digit}_{speaker}_{index}.wav, such as 7_jackson_32.wav",
            remedy="rename the file, or move it out of the folder",
        )
    return int(match["digit"]), match["speaker"], int(match["index"])

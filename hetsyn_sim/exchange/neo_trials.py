"""Traces and spike times of trials from the files of amplifiers and acquisition programs that Neo reads: a segment is a trial.

A place is a text such as ``"cell.abf:Vm"`` or ``"cell.abf:0"``: file, and the channel by its name or its number. Units and sampling period
are the file's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from ..data.files import reading
from ..errors import DataError, package

_PURPOSE: Final = "reading files of amplifiers"
#: What is read without Neo.
_OURS: Final = ("", ".npz", ".csv", ".tsv", ".txt", ".dat")
#: Opening one of these runs what its author has written.
_PICKLES: Final = (".pkl", ".pickle")


def place_of(text: str) -> tuple[Path, str] | None:
    """File and channel, ``""`` for the only one; None if the text names no file that Neo may read."""
    path, channel = text.strip(), ""
    if not Path(path).exists() and ":" in path:
        path, _, channel = path.rpartition(":")
    return None if Path(path).suffix.lower() in _OURS or " " in Path(path).suffix else (Path(path), channel.strip())


def read_signals(path: Path, channel: str, option: str) -> list[Any]:
    """The channel's ``neo.AnalogSignal`` of every segment, each (time, 1).

    Raises
    ------
    DataError
        If Neo can't read the file, or it has no such channel.
    BackendError
        If Neo is not installed.
    """
    return [_chosen(_signals(segment), channel, path, option) for segment in _segments(path)]


def read_trains(path: Path, channel: str, option: str) -> list[Any]:
    """The spike times of every segment, with their unit, from the beginning of its first signal on.

    Raises
    ------
    DataError, BackendError
        As :func:`read_signals`.
    """
    found = []
    for segment in _segments(path):
        train = _chosen({str(train.name or k): train for k, train in enumerate(segment.spiketrains)}, channel, path, option)
        begin = segment.analogsignals[0].t_start if segment.analogsignals else train.t_start
        found.append(train.times - begin)
    return found


def _segments(path: Path) -> list[Any]:
    if path.suffix.lower() in _PICKLES:
        raise DataError(
            "this file may run code of whoever wrote it",
            where=str(path),
            got="a pickle",
            expected="a format that holds data only",
            remedy="open it yourself, if you trust it, and hand its signals to hs.fit_recordings",
        )
    neo = package("neo", _PURPOSE, extra="neo", where=str(path))
    expected, remedy = "a table (CSV), FILE.npz:MEMBER, or a file that Neo reads", "check the path; --help has examples"
    with reading(path, "this recording can't be read", expected=expected, remedy=remedy):
        try:
            blocks = neo.io.get_io(str(path)).read()
        except (MemoryError, OSError):
            raise
        except Exception as error:  # each of Neo's readers has errors of its own
            raise ValueError(f"{type(error).__name__}: {error}") from error
    segments = [segment for block in blocks for segment in block.segments]
    if not segments:
        raise DataError("a file without a segment", where=str(path), got="no trial", expected="a segment for each trial", remedy=remedy)
    return segments


def _signals(segment: Any) -> dict[str, Any]:
    """The channels of a segment, by name; those without one by number."""
    found: dict[str, Any] = {}
    for signal in segment.analogsignals:
        names = signal.array_annotations.get("channel_names", [signal.name] if signal.shape[1] == 1 else [])
        for k in range(signal.shape[1]):
            name = str(names[k]) if k < len(names) and names[k] else str(len(found))
            found[name if name not in found else str(len(found))] = signal[:, k : k + 1]
    return found


def _chosen(channels: dict[str, Any], channel: str, path: Path, option: str) -> Any:
    if channel in channels:
        return channels[channel]
    if channel.isdecimal() and int(channel) < len(channels):
        return list(channels.values())[int(channel)]
    if not channel and len(channels) == 1:
        return next(iter(channels.values()))
    raise DataError(
        "no such channel" if channel else "which channel is not said",
        where=f"{option}: {path}",
        got=repr(channel) if channel else f"{len(channels)} channels",
        expected=", ".join(channels) or "a channel; there is none of this kind",
        remedy=f"name one of them: {path.name}:{next(iter(channels), '0')}",
    )

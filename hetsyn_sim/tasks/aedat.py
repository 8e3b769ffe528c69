"""Files of event cameras with 128 x 128 pixels (DVS128): AEDAT 3.1 and AEDAT 2.0, as iniVation describes both.

Both begin with lines of text that start with ``#``, the first of which names the version.

AEDAT 3.1, little-endian: packets. Each has a head of 28 bytes (int16 type and source, int32 size of an event, place of the time in it,
overflows of the time so far, capacity, number of events, number of valid ones) and its events. A polarity event (type 1) is a word of 32
bits (from the lowest: valid, polarity, 15 bits y, 15 bits x) and the time in us, 31 bits; a packet may be of another type.

AEDAT 2.0, big-endian: events of 8 bytes, a word of 32 bits and the time in us. Of the word of a DVS128, bit 0 is the polarity, bits 1 to 7
are 127 - x, bits 8 to 14 are y, and bit 15 marks what comes from the outside and not from a pixel.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.files import check_readable
from ..errors import DataError

#: Pixels of a DVS128 on either side.
SIDE = 128
_PACKET = struct.Struct("<hhiiiiii")
_POLARITY, _EVENT_SIZE, _TIME_AT = 1, 8, 4


@dataclass(frozen=True)
class Events:
    """What a camera saw, each array of shape (event,).

    Attributes
    ----------
    t
        int64, microseconds.
    x, y
        int64, pixel from 0 to 127.
    on
        bool: it became brighter.
    """

    t: NDArray[np.int64]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    on: NDArray[np.bool_]


def read_aedat_3_1(path: Path, *, unordered: bool = False) -> Events:
    """The valid polarity events of an AEDAT 3.1 file.

    Parameters
    ----------
    unordered
        Take times that run backwards as they are.

    Raises
    ------
    DataError
        If the file is missing, truncated, or of another version, or has an impossible packet or pixel, or its times run backwards.
    """
    content, at = _after_header(path, "3.1")
    pieces, overflows = [], []
    while at < len(content):
        if len(content) - at < _PACKET.size:
            raise _damaged(path, f"{len(content) - at} bytes at byte {at}", f"a packet, which begins with {_PACKET.size} bytes")
        kind, _, size, time_at, overflow, _, number, _ = _PACKET.unpack_from(content, at)
        if size < 1 or number < 0 or overflow < 0 or (kind == _POLARITY and (size, time_at) != (_EVENT_SIZE, _TIME_AT)):
            raise _damaged(
                path,
                f"at byte {at} a packet of type {kind} with {number} events of {size} bytes, time at {time_at}, {overflow} overflows",
                f"numbers that are not negative, and for type {_POLARITY} events of {_EVENT_SIZE} bytes with their time at {_TIME_AT}",
            )
        at += _PACKET.size
        if len(content) - at < size * number:
            raise _damaged(
                path, f"{len(content) - at} bytes at byte {at}", f"the {number} events of {size} bytes that the packet announces"
            )
        if kind == _POLARITY:
            pieces.append(np.frombuffer(content, "<u4", 2 * number, at).reshape(-1, 2))
            overflows.append(np.full(number, overflow, dtype=np.int64))
        at += size * number
    words, low = np.concatenate([np.zeros((0, 2), "<u4"), *pieces]).astype(np.int64).T
    valid = words & 1 == 1
    t = low + (np.concatenate([np.zeros(0, dtype=np.int64), *overflows]) << 31)
    return _checked(path, Events(t[valid], (words >> 17)[valid], (words >> 2 & 0x7FFF)[valid], (words >> 1 & 1 == 1)[valid]), unordered)


def read_aedat_2_0(path: Path, *, unordered: bool = False) -> Events:
    """The events of the pixels of a DVS128 in an AEDAT 2.0 file; parameters and errors as for :func:`read_aedat_3_1`.

    A polarity of 0 is ON, as the program has it that wrote these files (jAER, class DVS128), though the description of the format says 1.
    """
    content, at = _after_header(path, "2.0")
    if (len(content) - at) % _EVENT_SIZE:
        raise _damaged(path, f"{len(content) - at} bytes after the header", f"whole events of {_EVENT_SIZE} bytes")
    both = np.frombuffer(content, ">u4", offset=at).reshape(-1, 2)
    words, t = both[:, 0].astype(np.int64), both[:, 1].astype(np.int64)
    pixel = words >> 15 & 1 == 0
    if np.any(wild := words >> 16 != 0):
        k = int(np.argmax(wild))
        raise _damaged(path, f"address {words[k]:#x} in event {k}", "addresses of at most 16 bits, as a DVS128 has")
    words, t = words[pixel], t[pixel]
    return _checked(path, Events(t, SIDE - 1 - (words >> 1 & 0x7F), words >> 8 & 0x7F, words & 1 == 0), unordered)


def _after_header(path: Path, version: str) -> tuple[bytes, int]:
    """The bytes of a file, and where its header ends."""
    check_readable(path, expected=f"a recording in AEDAT {version}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _damaged(path, f"{type(error).__name__}: {error.strerror}", "a file that can be read") from error
    first = f"#!AER-DAT{version}".encode()
    line = content.split(b"\n", 1)[0].rstrip(b"\r")
    if line != first:
        raise DataError(
            "this file is of another format",
            where=str(path),
            got=f"a file that begins with {line[:24]!r}" if content else "an empty file",
            expected=f"AEDAT {version}, which begins with {first!r}",
            remedy="check that the folder is the one of this data set, and unpacked",
        )
    at = 0
    while content[at : at + 1] == b"#":
        end = content.find(b"\n", at) + 1
        if not end:
            raise _damaged(path, f"a header line without an end at byte {at}", "lines that end in a line feed")
        at, line = end, content[at:end]
        if line.startswith(b"#!END-HEADER"):  # only 3.1 has it, and what follows may begin with the byte of a #
            break
    return content, at


def _checked(path: Path, events: Events, unordered: bool) -> Events:
    outside = (events.x >= SIDE) | (events.y >= SIDE)
    if outside.any():
        k = int(np.argmax(outside))
        raise _damaged(path, f"pixel x = {events.x[k]}, y = {events.y[k]} in event {k}", f"pixels from 0 to {SIDE - 1}")
    back = np.diff(events.t) < 0
    if back.any() and not unordered:
        k = int(np.argmax(back)) + 1
        raise DataError(
            "the time runs backwards",
            where=str(path),
            got=f"event {k} at {events.t[k]} us after {events.t[k - 1]} us, {int(back.sum())} such event(s)",
            expected="times that do not fall",
            remedy="download the file again; if it is meant to be like this, pass unordered=True, and every event goes where its time says",
        )
    return events


def _damaged(path: Path, got: str, expected: str) -> DataError:
    return DataError(
        "this recording of a camera is damaged",
        where=str(path),
        got=got,
        expected=expected,
        remedy="download or unpack the file again; check that it comes from a DVS128, with 128 x 128 pixels",
    )

"""Before a file is read: is it a file at all, and is there room for what it says it holds?

A pipe makes a reader wait for ever, ``/dev/zero`` has no end, and a header of a few bytes can announce more numbers than there is memory.
None of them is met by looking at what was read, so it is looked at before.
"""

from __future__ import annotations

import gzip
import json
import lzma
import os
import resource
import stat
import struct
import tarfile
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Final

from ..errors import DataError, HetSynError

#: Spikes, images and sound do not get smaller than a hundredth; what unpacks to more than that, and to more than 32 MiB, is a bomb.
LEAST_PACKED_RATIO: Final = 100
#: What readers of archives and of arrays raise for a file that is cut, damaged, encrypted, or packed in a way that they do not know.
UNREADABLE: Final = (
    *(OSError, EOFError, ValueError, ArithmeticError, MemoryError, RuntimeError, struct.error, zlib.error, lzma.LZMAError),
    *(tarfile.TarError, tokenize.TokenError, zipfile.BadZipFile),
)
_ALWAYS_FINE: Final = 1 << 25
_PIECE: Final = 1 << 20
_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def check_readable(path: str | os.PathLike[str], *, expected: str, error: type[HetSynError] = DataError, most: int | None = None) -> None:
    """Raise ``error`` if this is no regular file, may not be read, or is larger than ``most`` bytes or than there is memory.

    That it is missing is left for whoever opens it to say.
    """
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return
    kind = _KINDS.get(stat.S_IFMT(about.st_mode))
    if kind is not None:
        raise error("this is no file that can be read", where=str(path), got=kind, expected=expected, remedy="check the path")
    if not os.access(path, os.R_OK):  # some readers would say that it is missing
        raise error(
            "this file may not be read",
            where=str(path),
            got="no permission to read it",
            expected=expected,
            remedy="change who may read it, or copy it to where you may",
        )
    limit = room() if most is None else min(most, room())
    if about.st_size > limit:
        raise error(
            "this file is too large",
            where=str(path),
            got=f"{about.st_size:,} bytes",
            expected=f"{expected}, of {limit:,} bytes at most",
            remedy="check that it is the file that you mean",
        )


def room() -> int:
    """Bytes that could be had at most: the machine's memory, or what is left of this process's limit (``ulimit -v``)."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return machine
    return max(0, min(machine, limit - used()))


def used() -> int:
    """Bytes of address space that this process has; 0 where the operating system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def check_room(n_bytes: int, *, where: str) -> None:
    """Raise :class:`DataError` if so many bytes are more than there is memory for."""
    if n_bytes > (most := room()):
        raise DataError(
            "this file announces more than there is room for",
            where=where,
            got=f"{n_bytes:,} bytes",
            expected=f"{most:,} bytes at most, which this machine or this process may have",
            remedy="it is damaged, or for a larger machine: fetch it again, or divide it",
        )


def read_kept(path: Path) -> dict[str, Any]:
    """The rows that an interrupted study kept, and what else is in the JSON file of them; :class:`DataError` if it is no such file."""
    check_readable(path, expected="the rows that were kept")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise not_kept(path, f"{type(error).__name__}: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("rows"), list):
        raise not_kept(path, "JSON without a list of rows")
    return found


def not_kept(path: Path, got: str) -> DataError:
    """The error for a file of kept rows that is damaged or another one. It is not written over: there may be days of work in it."""
    return DataError(
        "the rows that were kept can't be read",
        where=str(path),
        got=got,
        expected="a JSON file as an interrupted study leaves it",
        remedy="restore the file, or move it away to begin anew",
    )


def unpacked(stream: IO[bytes] | gzip.GzipFile, packed: int, *, where: str) -> bytes:
    """What a packed stream holds, unless that is out of proportion to its ``packed`` bytes: then :class:`DataError`."""
    limit = min(max(_ALWAYS_FINE, LEAST_PACKED_RATIO * packed), room())
    pieces, got = [], 0
    while piece := stream.read(_PIECE):
        pieces.append(piece)
        got += len(piece)
        if got > limit:
            raise DataError(
                "this unpacks to far more than it should",
                where=where,
                got=f"more than {limit:,} bytes out of {packed:,}",
                expected=f"{LEAST_PACKED_RATIO} times as much at most",
                remedy="do not use it: it was made to fill memory; fetch the file from its authors",
            )
    return b"".join(pieces)

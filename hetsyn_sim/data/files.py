"""Files: written complete or not at all, checked before they are read, and told apart by their digests.

A pipe makes a reader wait for ever, ``/dev/zero`` has no end, and a header of a few bytes can announce more numbers than there is memory.
None of that shows in what was read so far, so it is checked before.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import lzma
import math
import os
import re
import resource
import stat
import struct
import tarfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from safetensors import SafetensorError

from ..errors import DataError, HetSynError, WriteError

if TYPE_CHECKING:  # the command line shows its help without NumPy
    from numpy.typing import NDArray

T = TypeVar("T")

#: Spikes, images and sound do not get smaller than a hundredth; what unpacks to more than that, and to more than 32 MiB, is a bomb.
LEAST_PACKED_RATIO: Final = 100
#: What readers of archives and of arrays raise for a file that is cut, damaged, encrypted, foreign, or packed in an unknown way.
UNREADABLE: Final = (
    *(OSError, EOFError, ValueError, ArithmeticError, MemoryError, RuntimeError, LookupError, TypeError, AttributeError, AssertionError),
    *(struct.error, zlib.error, lzma.LZMAError, tarfile.TarError, tokenize.TokenError, zipfile.BadZipFile),
    *(csv.Error, SafetensorError),
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
#: The name that a file has while it is written; the owner is a process.
_TEMPORARY: Final = re.compile(r"\.(?P<name>.+)\.(?P<owner>[0-9]{1,9})\.tmp", re.DOTALL)


def digest_of(parts: Iterable[str | NDArray[Any]]) -> str:
    """SHA-256 of texts and of the numbers in arrays, one after the other, as hex digits: the same on every machine."""
    digest = hashlib.sha256()
    for part in parts:
        # a lone surrogate is no text, but NumPy stores it: what can be stored can be digested
        digest.update(part.encode(errors="surrogatepass") if isinstance(part, str) else part.astype(part.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> Path:
    """Write ``content`` to ``path``; folders are made. Whoever looks sees the old file or the new one, never a part.

    The content goes to a temporary file in the same folder, is flushed to the disk and then renamed, which the operating system does in
    one go. After a crash or a power cut in between, the old file is still there, and what is left of the new one goes with the next write
    of that file. A link stays a link: the file that it points to is the one that is written.

    Raises
    ------
    WriteError
        If it can't be written, or if something else than a file is there, such as a device or a pipe. No part of it is left.
    """
    path = Path(path)
    try:
        place = Path(os.path.realpath(path))
        if place.is_symlink() or (place.exists() and not place.is_file()):  # what is a link now is one that leads to itself
            kind = "a link that leads nowhere" if place.is_symlink() else "a folder" if place.is_dir() else "a device, a pipe or a socket"
            raise _unwritable(path, kind)
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(place.parent, place.name)
        temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
        try:
            with open(temporary, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # a ValueError: a path with a null byte, a text with half a character
        if isinstance(error, WriteError):
            raise
        raise _unwritable(path, f"{type(error).__name__}: {getattr(error, 'strerror', None) or error}") from error
    return path


def _unwritable(path: Path, got: str) -> WriteError:
    return WriteError(
        "this file can't be written",
        where=str(path),
        got=got,
        expected="the path of a file, in a folder that can be written to, with space left",
        remedy="make room, or choose another path; what was there before is unchanged",
    )


def remove_leftovers(folder: str | os.PathLike[str], name: str = "") -> None:
    """Remove the temporary files of :func:`write_atomically` that processes left in ``folder`` when they were killed while writing.

    Those of one file, if there is a ``name``; of every file otherwise.
    """
    try:
        there = list(Path(folder).glob(".*.tmp"))
    except OSError:  # a folder that can't be looked into: whoever writes into it says so
        return
    for temporary in there:
        match = _TEMPORARY.fullmatch(temporary.name)
        if match is not None and name in ("", match["name"]) and not _is_running(int(match["owner"])):
            temporary.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def json_text(content: Mapping[str, Any]) -> str:
    """Plain data as a JSON text. JSON has no infinity and no NaN: they are written as texts."""
    return json.dumps(_finite(content), indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


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
        got, remedy = "no permission to read it", "change who may read it, or copy it to where you may"
        raise error("this file may not be read", where=str(path), got=got, expected=expected, remedy=remedy)
    limit = available_memory() if most is None else min(most, available_memory())
    if about.st_size > limit:
        most_allowed, remedy = f"{expected}, of {limit:,} bytes at most", "check that it is the file that you mean"
        raise error("this file is too large", where=str(path), got=f"{about.st_size:,} bytes", expected=most_allowed, remedy=remedy)


@contextmanager
def reading(
    path: str | os.PathLike[str], what: str, *, expected: str, remedy: str, error: type[HetSynError] = DataError, most: int | None = None
) -> Iterator[None]:
    """Check a file, and turn whatever its reader raises into one ``error``; errors of this package pass unchanged."""
    check_readable(path, expected=expected, error=error, most=most)
    try:
        yield
    except HetSynError:
        raise
    except UNREADABLE as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise error(what, where=str(path), got=f"{type(problem).__name__}: {reason}", expected=expected, remedy=remedy) from problem


def available_memory() -> int:
    """Bytes that could be had at most: the machine's memory, or what is left of this process's limit (``ulimit -v``)."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return machine
    return max(0, min(machine, limit - used_memory()))


def used_memory() -> int:
    """Bytes of address space that this process has; 0 where the operating system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def check_memory(n_bytes: int, *, where: str) -> None:
    """Raise :class:`DataError` if so many bytes are more than there is memory for."""
    if n_bytes > (most := available_memory()):
        raise DataError(
            "this file announces more than there is room for",
            where=where,
            got=f"{n_bytes:,} bytes",
            expected=f"{most:,} bytes at most, which this machine or this process may have",
            remedy="it is damaged, or for a larger machine: fetch it again, or divide it",
        )


def read_stored_rows(path: Path, convert: Callable[[dict[str, Any]], T]) -> T:
    """The rows that an interrupted study left in a JSON file, as ``convert`` makes them of its content.

    Raises
    ------
    DataError
        If it is no such file, or ``convert`` raises a ValueError or TypeError. The file stays: there may be days of work in it.
    """
    what, remedy = "the rows that were kept can't be read", "restore the file, or move it away to begin anew"
    with reading(path, what, expected="a JSON file as an interrupted study leaves it", remedy=remedy):
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not isinstance(content.get("rows"), list):
            raise ValueError("JSON without a list of rows")
        return convert(content)


def unpack(stream: IO[bytes] | gzip.GzipFile, packed: int, *, where: str) -> bytes:
    """What a packed stream holds, unless that is out of proportion to its ``packed`` bytes: then :class:`DataError`."""
    limit = min(max(_ALWAYS_FINE, LEAST_PACKED_RATIO * packed), available_memory())
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

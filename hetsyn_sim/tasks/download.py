"""Download of the Spiking Heidelberg Digits from where they are published. CC BY 4.0, Cramer et al. 2022."""

from __future__ import annotations

import hashlib
import io
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from types import MappingProxyType

from ..data.files import UNREADABLE, write_atomically
from ..errors import DataError

SOURCE = "https://zenkelab.org/datasets/"
#: Archive -> its MD5, as the authors give it.
FILES = MappingProxyType({"shd_train.h5.zip": "f3252aeb598ac776c1b526422d90eecb", "shd_test.h5.zip": "1503a5064faa34311c398fb0a1ed0a6f"})
_PIECE = 1 << 20


def download_heidelberg_digits(
    folder: str | PathLike[str], *, source: str = SOURCE, progress: Callable[[float], None] = lambda fraction: None
) -> list[Path]:
    """Put ``shd_train.h5`` and ``shd_test.h5`` into a folder; what is there already is left as it is.

    Parameters
    ----------
    source
        Address of the folder that holds the archives.
    progress
        Called with the fraction done, from 0 to 1.

    Raises
    ------
    DataError
        If an archive can't be fetched, is not the one that was published, or does not hold the file.
    """
    paths = []
    for k, (archive, md5) in enumerate(FILES.items()):
        name = archive.removesuffix(".zip")
        path = Path(folder) / name
        if not path.exists():
            content = _fetch(source + archive, lambda part, k=k: progress((k + part) / len(FILES)))  # type: ignore[misc]
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            if digest != md5:
                raise DataError(
                    "this is not the file that was published",
                    where=source + archive,
                    got=f"MD5 {digest}, {len(content):,} bytes",
                    expected=f"MD5 {md5}",
                    remedy="try again; if it stays so, fetch the files by hand and compare them with the authors' page",
                )
            write_atomically(path, _unpacked(content, name, source + archive))
        paths.append(path)
        progress((k + 1) / len(FILES))
    return paths


def _fetch(address: str, progress: Callable[[float], None]) -> bytes:
    pieces, got = [], 0
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            size = int(answer.headers.get("Content-Length") or 0)
            while piece := answer.read(_PIECE):
                pieces.append(piece)
                got += len(piece)
                progress(min(1.0, got / size) if size else 0.0)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise DataError(
            "this file can't be fetched",
            where=address,
            got=f"{type(error).__name__}: {error}",
            expected="an answer from the server",
            remedy="check the network, or fetch the files by hand, unpack them into the folder, and leave --download out",
        ) from error
    return b"".join(pieces)


def _unpacked(content: bytes, name: str, address: str) -> bytes:
    """The one member of that name; other members and their paths are not looked at."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(name)
    except UNREADABLE as error:
        raise DataError(
            "this archive does not hold what it should",
            where=address,
            got=f"{type(error).__name__}: {error}",
            expected=f"a zip archive with {name}",
            remedy="fetch the files by hand and unpack them into the folder",
        ) from error

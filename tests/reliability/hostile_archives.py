"""Archives that would write elsewhere, that hold what is no file, or that were made to fill memory; and pickles that run something."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
import zipfile

import numpy as np
import torch

from hetsyn_sim.errors import CheckpointError, DataError
from hetsyn_sim.tasks import recordings as archive

from . import material as m
from .case import Case
from .damage import edited_npz, npy, saved, within

#: Names that lead out of a folder, on one system or another.
OUT = {
    "../": "../3_ada_5.wav",
    "../ in the middle": "sounds/../../3_ada_5.wav",
    "an absolute path": "/tmp/3_ada_5.wav",
    "..\\": "..\\3_ada_5.wav",
}
_NOT_ONE = "this archive is not one of recordings"


def _zip(*members: tuple[str, bytes] | tuple[zipfile.ZipInfo, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, value in members:
            packed.writestr(name, value, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _tar(*members: tarfile.TarInfo, mode: str = "w") -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as packed:
        for member in members:
            value = m.wav() if member.isreg() and not member.size else bytes(member.size)
            member.size = len(value) if member.isreg() else 0
            packed.addfile(member, io.BytesIO(value) if member.isreg() else None)
    return content.getvalue()


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, link, size
    return member


def _announced(size: int) -> bytes:
    """A tar whose first member says that it has so many bytes, and none of them is there."""
    return _member("3_ada_5.wav", size=size).tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def _symlink_in_zip() -> bytes:
    link = zipfile.ZipInfo("3_ada_5.wav")
    link.external_attr = 0o120777 << 16
    return _zip((link, b"/etc/passwd"))


def _marked(at: int, value: int) -> bytes:
    """A zip with one byte set in both heads of its member."""
    content = bytearray(_zip(("3_ada_5.wav", m.wav())))
    for mark, begin in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + begin + at] = value
    return bytes(content)


def _many() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as packed:
        packed.addfile(tarfile.TarInfo("a"))
    one = content.getvalue()[:512]
    return gzip.compress(one * (archive.MOST_MEMBERS + 2) + bytes(1024), compresslevel=1)


def _sounds():
    def case(how, name, content, message=_NOT_ONE):
        return Case("encode", how, saved(name, content), DataError, message)

    for how, name in OUT.items():
        yield case(f"a zip with {how}", "s.zip", lambda n=name: _zip(("3_ada_6.wav", m.wav()), (n, m.wav())))
        yield case(f"a tar with {how}", "s.tar", lambda n=name: _tar(_member("3_ada_6.wav"), _member(n)))
    for how, kind in (
        ("a symbolic link", tarfile.SYMTYPE),
        ("a hard link", tarfile.LNKTYPE),
        ("a device", tarfile.CHRTYPE),
        ("a disk", tarfile.BLKTYPE),
        ("a pipe", tarfile.FIFOTYPE),
    ):
        yield case(f"a tar with {how}", "s.tar", lambda k=kind: _tar(_member("3_ada_5.wav", k, "/etc/passwd")))
    yield case("a zip with a symbolic link", "s.zip", _symlink_in_zip)
    yield case("a zip bomb", "s.zip", lambda: _zip(("3_ada_5.wav", bytes(archive.MOST_OF_ONE + 1))))
    yield case("a zip bomb of a file that is not wanted", "s.zip", lambda: _zip(("README", bytes(archive.MOST_OF_ONE + 1))))
    yield case("a tar that announces a terabyte", "s.tar", lambda: _announced(10**12))
    yield case("a tar bomb", "s.tar.gz", lambda: _tar(_member("README", size=archive.MOST_OF_ONE + 1), mode="w:gz"))
    many = saved("s.tar.gz", _many)
    yield Case("encode", "a tar of too many files", many, DataError, _NOT_ONE, at_command_line=False)  # 30,000 heads are read one by one
    # the flag alone: the reader has to ask for a password before anything else
    yield case("an encrypted zip", "s.zip", lambda: _marked(0, 1), "the archive can't be read")
    yield case("a zip packed in a way that nobody knows", "s.zip", lambda: _marked(2, 97), "the archive can't be read")
    twice = lambda: _zip(("a/3_ada_5.wav", m.wav()), ("b/3_ada_5.wav", m.wav()))  # noqa: E731
    yield case("two sounds of one name", "s.zip", twice, "the same file name")
    yield case("a name that is not UTF-8", "s.tar", lambda: _tar(_member("3_\udcff_x.wav")), "does not say what was spoken")
    yield case("a name of 10,000 characters", "s.tar", lambda: _tar(_member("3_" + "a" * 10_000 + ".wav")), "does not say what was spoken")


def _bombs():
    zeros = lambda n: gzip.compress(bytes(n), compresslevel=9)  # noqa: E731

    for entry, how, spoil in (
        ("sequential_mnist", "a bomb instead of images", within(m.mnist, "train-images-idx3-ubyte.gz", lambda _: zeros(1 << 26))),
        ("heidelberg_digits", "a .gz bomb", saved("shd.h5.gz", lambda: zeros(1 << 26))),
        ("heidelberg_digits", "a .zip bomb", saved("shd.h5.zip", lambda: _zip(("a.h5", bytes(1 << 26))))),
    ):
        yield Case(entry, how, spoil, DataError, "unpacks to far more")
    two = saved("shd.h5.zip", lambda: _zip(("a.h5", m.shd_h5()), ("b.h5", m.shd_h5())))
    yield Case("heidelberg_digits", "a zip of two files", two, DataError, "not in the layout|no wav files")

    def arrays(n):  # of zeros, which pack to a thousandth
        return lambda: edited_npz(m.recording_npz(), rasters__layer_1=npy((n, 2, 3), "|b1", bytes(6 * n)))

    yield Case("load_recording", "an array of 400 MB that packs to 2 MB", saved("r.npz", arrays(1 << 26)), DataError, "room for|be read")


class _Touch:
    def __reduce__(self):
        return os.system, ("touch canary",)


def _pickles():
    def torch_saved(value):
        content = io.BytesIO()
        torch.save(value, content)
        return content.getvalue()

    for how, content in (
        ("a pickle that runs a command", lambda: pickle.dumps(_Touch())),
        ("a state dict that runs a command", lambda: torch_saved({"layer_out.w": _Touch()})),
        ("a command beside a state dict", lambda: torch_saved({"state_dict": m.tensors(), "hook": _Touch()})),
        ("a module instead of its state", lambda: torch_saved(torch.nn.Linear(2, 2))),
        ("a call of eval", lambda: b'cbuiltins\neval\n(S\'open("canary", "w")\'\ntR.'),
        ("an array of NumPy", lambda: pickle.dumps({"layer_out.w": np.zeros(3)})),
    ):
        yield Case("import_network", how, saved("model.pth", content), CheckpointError, "holds no state dict")
        yield Case("read_state", how, saved("resume.safetensors", content), CheckpointError, "can't be read")
    for entry, name, error in (("load_recording", "r.npz", DataError), ("Checkpoint.load", "n.pth", CheckpointError)):
        yield Case(entry, "a pickle that runs a command", saved(name, lambda: pickle.dumps(_Touch())), error, "can't be read")


KIND = "archives that lead out of themselves, bombs, pickles"
CASES = [*_sounds(), *_bombs(), *_pickles()]

"""Fetching SHD, from a folder that stands in for the server."""

import hashlib
import io
import zipfile
from types import MappingProxyType

import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.tasks import download
from hetsyn_sim.tasks.download import download_heidelberg_digits


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Archives of known content, and their checksums in place of the published ones."""
    folder = tmp_path / "server"
    folder.mkdir()
    sums = {}
    for part in ("train", "test"):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(f"shd_{part}.h5", f"{part} data")
            archive.writestr("../outside.txt", "no")
        (folder / f"shd_{part}.h5.zip").write_bytes(packed.getvalue())
        sums[f"shd_{part}.h5.zip"] = hashlib.md5(packed.getvalue(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(download, "FILES", MappingProxyType(sums))
    return folder


def test_what_is_missing_is_fetched_and_nothing_else(server, tmp_path):
    told = []
    out = tmp_path / "shd"
    paths = download_heidelberg_digits(out, source=f"{server.as_uri()}/", progress=told.append)
    assert [path.read_text() for path in paths] == ["train data", "test data"]
    assert sorted(p.name for p in out.iterdir()) == ["shd_test.h5", "shd_train.h5"]
    assert not (tmp_path / "outside.txt").exists()
    assert told == sorted(told)
    assert told[-1] == 1.0
    paths[0].write_text("mine")
    download_heidelberg_digits(out, source=f"{server.as_uri()}/")
    assert paths[0].read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"tampered", "not the file that was published"),
        (b"no zip", "does not hold what it should"),
        (None, "can't be fetched"),
    ],
)
def test_another_file_is_refused_and_nothing_is_written(server, tmp_path, monkeypatch, content, message):
    archive = server / "shd_train.h5.zip"
    archive.unlink() if content is None else archive.write_bytes(content)
    if content == b"no zip":
        monkeypatch.setattr(download, "FILES", MappingProxyType({archive.name: hashlib.md5(content).hexdigest()}))
    with pytest.raises(DataError, match=message):
        download_heidelberg_digits(tmp_path / "shd", source=f"{server.as_uri()}/")
    assert not list(tmp_path.glob("shd/*"))

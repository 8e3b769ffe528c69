"""The HDF5 file: round trip, equal bytes, nothing half-written, and every way a file can be wrong."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import DataError


@pytest.fixture
def data() -> SpikeDataset:
    """Two recordings, names beyond ASCII, a label below zero."""
    return SpikeDataset.from_lists(
        [[0, 0, 300], [4]],
        [[0, 1, 1], [1]],
        dt=0.01,
        n_channels=2,
        n_steps=[301, 5],
        labels=[-1, 3],
        names=["erste", "größte"],
        split=["train", "test"],
        info={"licence": "CC BY-SA 4.0", "author": "Zoë"},
    )


def test_round_trip(data: SpikeDataset, tmp_path: Path) -> None:
    data.save(tmp_path / "spikes.h5")
    loaded = SpikeDataset.load(tmp_path / "spikes.h5")
    assert loaded.fingerprint() == data.fingerprint()
    assert loaded.info == data.info
    assert np.array_equal(loaded.rasters(), data.rasters())


def test_bytes_are_the_same_every_time(data: SpikeDataset, tmp_path: Path) -> None:
    data.save(tmp_path / "a.h5")
    SpikeDataset.load(tmp_path / "a.h5").save(tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_an_empty_selection_is_a_file_too(data: SpikeDataset, tmp_path: Path) -> None:
    data[:0].save(tmp_path / "none.h5")
    assert len(SpikeDataset.load(tmp_path / "none.h5")) == 0


def test_layout_is_the_documented_one(data: SpikeDataset, tmp_path: Path) -> None:
    data.save(tmp_path / "spikes.h5")
    with h5py.File(tmp_path / "spikes.h5") as file:
        assert file["spikes/steps"][:].tolist() == [0, 0, 300, 4]
        assert file["spikes/steps"].dtype == np.uint16
        assert file["spikes/units"].dtype == np.uint8
        assert file["spikes/units"].compression == "gzip"
        assert file["spikes/units"].shuffle
        assert file["spikes/offsets"][:].tolist() == [0, 3, 4]
        assert file["names"][1].decode() == "größte"
        assert (file.attrs["dt"], file.attrs["n_channels"], file.attrs["version"]) == (0.01, 2, 1)


def test_a_failed_write_leaves_nothing_and_keeps_the_old(data: SpikeDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "spikes.h5"
    data.save(path)
    before = path.read_bytes()

    def full_disk(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("hetsyn_sim.data.files.os.replace", full_disk)
    with pytest.raises(OSError, match="no space left"):
        data[:1].save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["spikes.h5"]
    assert path.read_bytes() == before


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such spike file"):
        SpikeDataset.load(tmp_path / "nothing.h5")


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.6, 0.95])
def test_truncated_file(data: SpikeDataset, tmp_path: Path, keep: float) -> None:
    path = tmp_path / "spikes.h5"
    data.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(DataError, match="damaged or not an HDF5 file"):
        SpikeDataset.load(path)


def test_text_is_no_hdf5_file(tmp_path: Path) -> None:
    (tmp_path / "spikes.h5").write_text("spikes\n")
    with pytest.raises(DataError, match="damaged or not an HDF5 file"):
        SpikeDataset.load(tmp_path / "spikes.h5")


def test_foreign_hdf5_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["spikes/times"] = [0.1]
    with pytest.raises(DataError, match=r"not a spike file of this version\n.*\n  got:      format '', version 0"):
        SpikeDataset.load(tmp_path / "foreign.h5")


def test_file_of_a_later_version(data: SpikeDataset, tmp_path: Path) -> None:
    data.save(tmp_path / "spikes.h5")
    with h5py.File(tmp_path / "spikes.h5", "a") as file:
        file.attrs["version"] = 2
    with pytest.raises(DataError, match="version 2"):
        SpikeDataset.load(tmp_path / "spikes.h5")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("labels", None, "damaged or not an HDF5 file"),
        ("labels", [1], "do not fit together"),
        ("spikes/steps", [0, 0, 301, 4], "a spike time is out of range\n  where:    erste"),
        ("names", [1, 2], "damaged or not an HDF5 file"),
    ],
)
def test_a_file_somebody_edited(data: SpikeDataset, tmp_path: Path, place: str, value: list[int] | None, message: str) -> None:
    data.save(tmp_path / "spikes.h5")
    with h5py.File(tmp_path / "spikes.h5", "a") as file:
        del file[place], file.attrs["fingerprint"]
        if value is not None:
            file[place] = value
    with pytest.raises(DataError, match=message):
        SpikeDataset.load(tmp_path / "spikes.h5")

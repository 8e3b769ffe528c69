"""SpikeDataset: slices, splits, rasters, every rule with the message that breaks it; and the HDF5 file, which is the same every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import DataError


def random_data(n: int = 12, n_channels: int = 5, seed: int = 0) -> tuple[SpikeDataset, list[np.ndarray]]:
    """A dataset and, built without it, the raster of each of its recordings."""
    rng = np.random.default_rng(seed)
    rasters = [rng.random((int(rng.integers(3, 9)), n_channels)) < 0.4 for _ in range(n)]
    for raster in rasters:
        raster[0, 0] = True  # nobody is silent
    events = [np.nonzero(raster) for raster in rasters]
    shuffled = [(steps[order], units[order]) for steps, units in events for order in (rng.permutation(steps.size),)]
    data = SpikeDataset.from_lists(
        [steps for steps, _ in shuffled],
        [units for _, units in shuffled],
        dt=0.01,
        n_channels=n_channels,
        n_steps=[len(raster) for raster in rasters],
        labels=np.arange(n) % 2,
        speakers=[f"speaker {(i // 2) % 2}" for i in range(n)],
        split=["test" if i >= n - 4 else "train" for i in range(n)],
        info={"licence": "none"},
    )
    return data, rasters


@pytest.fixture
def one() -> SpikeDataset:
    """The smallest dataset worth drawing: one recording, three spikes."""
    return SpikeDataset.from_lists([[0, 0, 2]], [[0, 1, 1]], dt=0.01, n_channels=2, n_steps=[3], labels=[7], names=["7_ada_0"])


@pytest.mark.parametrize("n_steps", [None, 1, 6, 20])
def test_rasters_cut_and_fill(n_steps: int | None) -> None:
    data, rasters = random_data()
    length = max(map(len, rasters)) if n_steps is None else n_steps
    expected = np.zeros((length, len(rasters), 5), dtype=bool)
    for i, raster in enumerate(rasters):
        expected[: len(raster), i] = raster[:length]
    assert np.array_equal(data.rasters(n_steps), expected)


@pytest.mark.parametrize("index", [slice(2, 7), slice(None, None, -1), [3, 3, 0], np.arange(12) % 3 == 0, -1, np.array([], dtype=int)])
def test_slices_are_datasets(index: object) -> None:
    data, _ = random_data()
    part = data[index]
    chosen = np.atleast_1d(np.arange(12)[index])
    assert len(part) == chosen.size
    assert np.array_equal(part.rasters(9), data.rasters(9)[:, chosen])
    assert part.names.tolist() == data.names[chosen].tolist()
    assert part.info == data.info


def test_splits_follow_the_authors() -> None:
    data, _ = random_data()
    assert data.train.names.tolist() == [f"recording {i}" for i in range(8)]
    assert data.test.names.tolist() == [f"recording {i}" for i in (8, 9, 10, 11)]


@pytest.mark.parametrize("seed", [None, 0, 1])
def test_validation_comes_out_of_training_evenly(seed: int | None) -> None:
    data, _ = random_data(44)
    train, validation = data.validation_split(0.2, seed)
    assert sorted([*train.names, *validation.names]) == sorted(data.train.names)
    groups = list(zip(validation.labels.tolist(), validation.speakers.tolist(), strict=True))
    assert len(groups) == 8
    assert all(groups.count(group) == 2 for group in set(groups))
    again, other = (data.validation_split(0.2, k)[1].names.tolist() for k in (seed, 7))
    assert again == validation.names.tolist() != other


@pytest.mark.parametrize("fraction", [0.0, 0.01, 1.0])
def test_validation_needs_both_sides(fraction: float) -> None:
    with pytest.raises(DataError, match="leaves one side empty"):
        random_data()[0].validation_split(fraction)


def test_fingerprint_sees_every_field(one: SpikeDataset) -> None:
    facts = {"dt": 0.005, "n_channels": 3, "info": {"licence": "CC0"}}
    arrays = {"steps": [0, 0, 1], "units": [0, 1, 0], "n_steps": [4], "labels": [8], "names": ["7_ada_1"], "speakers": ["ada"]}
    changes = facts | {name: np.array(values) for name, values in (arrays | {"split": ["test"]}).items()}
    prints = {one.fingerprint(), *(replace(one, **{name: value}).fingerprint() for name, value in changes.items())}
    assert len(prints) == len(changes) + 1
    assert replace(one, steps=one.steps.astype(np.int64)).fingerprint() == one.fingerprint()


def test_arrays_are_private_and_read_only(one: SpikeDataset) -> None:
    labels = np.array([7], dtype=np.int32)
    data = replace(one, labels=labels)
    labels[0] = 3
    assert data.labels.tolist() == [7]
    with pytest.raises(ValueError, match="read-only"):
        data.steps[0] = 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(({"dt": dt}, "dt must be a positive time") for dt in (float("nan"), -0.01, 0.0)),
        ({"steps": [0, 0, 3]}, r"a spike time is out of range\n  where:    7_ada_0\n  got:      step 3\n  expected: 0 <= step < 3"),
        ({"steps": [-1, 0, 2]}, "a spike time is out of range"),
        ({"units": [0, 2, 1]}, r"a spike unit is out of range\n  where:    7_ada_0\n  got:      unit 2\n  expected: 0 <= unit < 2"),
        ({"units": [0, 0, 1]}, r"a channel spikes twice in one step\n  where:    7_ada_0\n  got:      unit 0 at step 0"),
        ({"steps": [2, 0, 0]}, r"the spikes are not in order\n  where:    7_ada_0\n  got:      unit 1 at step 0 after step 2"),
        ({"steps": [0.0, 0.01, 0.02]}, "steps must be whole numbers"),
        ({"labels": [2**40]}, "labels do not fit into 32 bits"),
        ({"labels": [1, 2]}, r"do not fit together\n  where:    SpikeDataset\n  got:      labels: \(2,\)"),
        ({"units": [0, 1]}, r"do not fit together\n  where:    SpikeDataset\n  got:      steps: \(3,\), units: \(2,\)"),
        ({"offsets": [0, 2]}, "offsets that do not run from 0 up to the number of spikes"),
        ({"split": ["dev"]}, r"belongs to neither split\n  where:    7_ada_0\n  got:      'dev'"),
        ({"steps": [], "units": [], "offsets": [0, 0]}, r"a recording has no spikes\n  where:    7_ada_0"),
    ],
)
def test_rules(one: SpikeDataset, changes: dict[str, object], message: str) -> None:
    arrays = {name: value if name == "dt" else np.array(value) for name, value in changes.items()}
    with pytest.raises(DataError, match=message):
        replace(one, **arrays)


def beyond_ascii() -> SpikeDataset:
    """Two recordings, names beyond ASCII, a label below zero."""
    facts = {"labels": [-1, 3], "names": ["erste", "größte"], "split": ["train", "test"], "info": {"author": "Zoë"}}
    return SpikeDataset.from_lists([[0, 0, 300], [4]], [[0, 1, 1], [1]], dt=0.01, n_channels=2, n_steps=[301, 5], **facts)


@pytest.mark.parametrize("data", [beyond_ascii(), beyond_ascii()[:0]], ids=["data", "an empty selection"])
def test_a_file_comes_back_and_is_the_same_every_time(data: SpikeDataset, tmp_path: Path) -> None:
    data.save(tmp_path / "a.h5")
    loaded = SpikeDataset.load(tmp_path / "a.h5")
    assert loaded.fingerprint() == data.fingerprint()
    assert (len(loaded), loaded.info) == (len(data), data.info)
    loaded.save(tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_the_layout_of_the_file_is_the_documented_one(tmp_path: Path) -> None:
    beyond_ascii().save(tmp_path / "spikes.h5")
    with h5py.File(tmp_path / "spikes.h5") as file:
        assert file["spikes/steps"][:].tolist() == [0, 0, 300, 4]
        assert file["spikes/steps"].dtype == np.uint16
        assert file["spikes/units"].dtype == np.uint8
        assert file["spikes/units"].compression == "gzip"
        assert file["spikes/units"].shuffle
        assert file["spikes/offsets"][:].tolist() == [0, 3, 4]
        assert file["names"][1].decode() == "größte"
        assert (file.attrs["dt"], file.attrs["n_channels"], file.attrs["version"]) == (0.01, 2, 1)

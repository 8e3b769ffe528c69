"""Files in the layout of the Spiking Heidelberg Digits: what becomes of a spike time, and what is refused."""

import gzip
import shutil
import zipfile

import h5py
import numpy as np
import pytest

from hetsyn_sim.errors import DataError
from hetsyn_sim.tasks import heidelberg_digits
from hetsyn_sim.tasks.shd_files import is_in_layout


def write(path, times, units, labels, speakers=None, dtype=np.float16):
    with h5py.File(path, "w") as file:
        spikes = file.create_group("spikes")
        for name, arrays, kind in (("times", times, dtype), ("units", units, np.uint16)):
            stored = spikes.create_dataset(name, (len(arrays),), dtype=h5py.vlen_dtype(kind))
            for k, array in enumerate(arrays):
                stored[k] = np.asarray(array, dtype=kind)
        file["labels"] = np.asarray(labels, dtype=np.uint16)
        if speakers is not None:
            file["extra/speaker"] = np.asarray(speakers, dtype=np.uint16)
    return path


def random_file(path, n, n_channels=700, n_classes=20, seed=0, n_speakers=5, **options):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    sizes = rng.integers(400, 900, n)
    units = [np.clip(rng.normal(30 * label + 20, 15, m), 0, n_channels - 1).astype(int) for label, m in zip(labels, sizes, strict=True)]
    times = [np.sort(rng.random(m)) for m in sizes]
    return write(path, times, units, labels, np.arange(n) // n_classes % n_speakers, **options)


@pytest.fixture
def folder(tmp_path):
    random_file(tmp_path / "shd_train.h5", 100)
    random_file(tmp_path / "shd_test.h5", 40, seed=1)
    return tmp_path


def test_a_folder_of_two_files_on_any_grid(folder):
    data = heidelberg_digits(folder)
    assert (len(data.train), len(data.test), data.n_channels, data.dt) == (100, 40, 700, 0.004)
    assert (set(data.labels), set(data.train.speakers)) == (set(range(20)), set("01234"))
    assert (data.names[0], data.names[100]) == ("shd_train 0", "shd_test 0")
    assert (data.n_steps == 250).all()
    assert is_in_layout(folder)
    half = heidelberg_digits(folder, dt=0.001, duration=0.5)
    assert (half.dt, len(half.rasters())) == (0.001, 500)
    assert 0 < half.steps.size < heidelberg_digits(folder, dt=0.001).steps.size


def test_every_spike_is_where_its_time_says(folder):
    """By another route: one cell after the other, with decimal arithmetic on the stored numbers."""
    data = heidelberg_digits(folder)
    raster = data.rasters()
    with h5py.File(folder / "shd_train.h5") as file:
        for k in (0, 17, 99):
            expected = np.zeros((250, 700), dtype=bool)
            for t, unit in zip(file["spikes/times"][k], file["spikes/units"][k], strict=True):
                step = int(float(t) * 250 + 1e-3)  # times are stored with 11 bits
                if step < 250:
                    expected[step, unit] = True
            np.testing.assert_array_equal(raster[:, k], expected)


def test_the_borders_of_a_step(tmp_path):
    path = write(
        tmp_path / "one.h5", [[0.0, 0.0039, 0.004, 0.008, 0.996, 0.9999, 1.0]] * 5, [[1, 2, 3, 4, 5, 6, 7]] * 5, [0] * 5, dtype=np.float32
    )
    data = heidelberg_digits(path)
    assert dict(zip(data[0].units.tolist(), data[0].steps.tolist(), strict=True)) == {1: 0, 2: 0, 3: 1, 4: 2, 5: 249, 6: 249}
    published = heidelberg_digits(path, binning="as-published")[0]
    # step i holds the times up to i * 4 ms; channel 700 - unit; nothing after 996 ms
    found = dict(zip(published.units.tolist(), published.steps.tolist(), strict=True))
    assert found == {699: 0, 698: 1, 697: 1, 696: 2, 695: 249}
    path = write(tmp_path / "one.h5", [[0.1, 0.2]] * 5, [[0, 699]] * 5, [0] * 5)  # unit 0 is left out
    published = heidelberg_digits(path, binning="as-published")
    assert (published.units.tolist(), published.info["binning"]) == ([1] * 5, "as-published")


@pytest.mark.parametrize(("kind", "dt"), [(np.float16, 0.004), (np.float16, 0.001), (np.float32, 0.004), (np.float64, 0.004)])
def test_binned_as_published_every_cell_is_where_a_comparison_in_the_files_numbers_has_it(tmp_path, kind, dt):
    """Step by step, as that code does it: what is not later than this step, in the type of the stored times, and not in an earlier step."""
    path = random_file(tmp_path / "shd.h5", 40, dtype=kind)
    data = heidelberg_digits(path, dt=dt, binning="as-published")
    n_steps, late = round(1 / dt), []
    with h5py.File(path) as file:
        for k, found in enumerate(np.moveaxis(data.rasters(), 1, 0)):
            times, units = file["spikes/times"][k], file["spikes/units"][k]
            assert times.dtype == kind
            expected, left = np.zeros((n_steps, 700), dtype=bool), np.ones(times.size, dtype=bool)
            for i in range(n_steps):
                now = left & (times <= kind(i * dt))
                expected[i, 700 - units[now & (units > 0)].astype(int)] = True
                left &= ~now
            np.testing.assert_array_equal(found, expected)
            in_float64 = np.searchsorted(np.arange(n_steps) * dt, times.astype(np.float64))
            late.append(in_float64 > np.searchsorted((np.arange(n_steps) * dt).astype(kind), times))
    if dt == 0.004:  # what the page on data says, and that the test can tell
        assert np.mean(np.concatenate(late)) == pytest.approx(0.040 if kind == np.float16 else 0.0, abs=0.005)


def test_packed_files_other_numbers_and_no_speakers(tmp_path):
    plain = random_file(tmp_path / "plain.h5", 12, n_channels=900, n_classes=29, seed=3, dtype=np.float64)
    with h5py.File(plain, "r+") as file:
        del file["extra"]
    for split in ("train", "test"):
        (tmp_path / f"my_{split}_set.h5.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    data = heidelberg_digits(tmp_path)
    assert (len(data), set(data.speakers), data.n_channels) == (24, {"0"}, int(data.units.max()) + 1)
    assert is_in_layout(tmp_path)


@pytest.mark.parametrize(("n_channels", "n_classes", "kind"), [(16, 2, "f2"), (50, 3, "f4"), (128, 7, "f4"), (1024, 35, "f8")])
def test_any_numbers_of_channels_and_classes_in_any_type(tmp_path, kind, n_channels, n_classes):
    data = heidelberg_digits(random_file(tmp_path / "speech.h5", 5 * n_classes, n_channels, n_classes, dtype=kind))
    assert (len(data.train), len(data.test), len(set(data.labels))) == (4 * n_classes, n_classes, n_classes)
    assert np.bincount(data.test.labels).tolist() == [1] * n_classes
    assert data.n_channels == int(data.units.max()) + 1 <= n_channels


@pytest.mark.parametrize(("highest", "n_channels"), [(48, 49), (628, 629), (629, 700), (699, 700), (700, 701)])
def test_700_channels_only_where_almost_as_many_spike(tmp_path, highest, n_channels):
    path = write(tmp_path / "one.h5", [[0.1, 0.2]], [[0, highest]], [0])
    assert heidelberg_digits(path).n_channels == n_channels
    assert heidelberg_digits(path, n_channels=900).n_channels == 900


def test_arrays_of_equal_length_may_be_a_table_and_the_order_of_spikes_does_not_matter(tmp_path):
    rng = np.random.default_rng(0)
    times, units = rng.random((5, 40)), rng.integers(0, 700, (5, 40))
    ragged = heidelberg_digits(write(tmp_path / "one.h5", times, units, [0] * 5, dtype=np.float64))
    order = rng.permutation(40)
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["spikes/times"], file["spikes/units"], file["labels"] = times[:, order], units[:, order], np.zeros(5)
    np.testing.assert_array_equal(heidelberg_digits(tmp_path / "two.h5").rasters(), ragged.rasters())


@pytest.mark.parametrize("speakers", [[b"ann", b"bob"], np.array([[3], [4]], dtype="i4"), [3.0, 3.0]])
def test_speakers_are_names_or_numbers(tmp_path, speakers):
    path = write(tmp_path / "one.h5", [[0.1], [0.2]], [[1], [2]], [0, 1])
    with h5py.File(path, "r+") as file:
        file["extra/speaker"] = speakers
    assert heidelberg_digits(path).speakers.tolist() in (["ann", "bob"], ["3", "4"], ["3.0", "3.0"])


def test_zip_archives_as_the_authors_have_them_and_names_in_capitals(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("packed")
    with zipfile.ZipFile(other / "SHD_TRAIN.H5.ZIP", "w") as archive:
        archive.write(folder / "shd_train.h5", "shd_train.h5")
    shutil.copy(folder / "shd_test.h5", other / "SHD_TEST.H5")
    assert is_in_layout(other)
    np.testing.assert_array_equal(heidelberg_digits(other).steps, heidelberg_digits(folder).steps)
    with zipfile.ZipFile(other / "SHD_TRAIN.H5.ZIP", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(DataError, match="an archive with 0 HDF5 files"):
        heidelberg_digits(other)
    (other / "SHD_TRAIN.H5.ZIP").write_bytes(b"PK?")
    with pytest.raises(DataError, match="BadZipFile"):
        heidelberg_digits(other)


def test_spikes_after_the_window_and_recordings_without_any_are_left_out_and_counted(tmp_path):
    data = heidelberg_digits(write(tmp_path / "one.h5", [[0.1, 0.5, 1.5], [], [2.0]], [[1, 2, 3], [], [2]], [0, 1, 2]))
    assert (len(data), data.steps.size) == (1, 2)
    assert (data.info["left_out"], data.info["cut_off"]) == ("2 recordings without a spike", "2 spikes after 1 s")


def test_times_that_are_not_in_seconds(tmp_path):
    rng = np.random.default_rng(0)
    path = write(tmp_path / "one.h5", 1000 * rng.random((5, 200)), rng.integers(0, 700, (5, 200)), [0] * 5, dtype=np.float64)
    hint = r"(?s)hardly any spike is in the window.*of 1000 spikes before 1 s, the latest at 99.*milliseconds"
    with pytest.raises(DataError, match=hint):
        heidelberg_digits(path)


def test_the_training_file_alone_is_no_folder_but_a_file(folder, tmp_path_factory):
    (folder / "shd_test.h5").unlink()
    with pytest.raises(DataError, match=r"(?s)not a folder with.*shd_train.h5.*name a single file, which is divided"):
        heidelberg_digits(folder)
    data = heidelberg_digits(folder / "shd_train.h5")
    assert (len(data.train), len(data.test)) == (80, 20)
    for place in (tmp_path_factory.mktemp("empty"), folder / "nothing"):
        with pytest.raises(DataError, match=r"(?s)not a folder with training and test.*zenkelab"):
            heidelberg_digits(place)
        assert not is_in_layout(place)


@pytest.mark.parametrize(
    ("place", "value", "got"),
    [
        ("labels", None, "no labels"),
        ("labels", [1, 2], "2 labels"),
        ("labels", np.full(100, -1), "whole numbers from 0"),
        ("spikes/times", 1.0, "TypeError"),
        ("spikes/units", [[b"one"]] * 100, "recording 0: "),
        ("spikes", None, "no spikes/times, spikes/units"),
    ],
)
def test_damaged_files(folder, place, value, got):
    with h5py.File(folder / "shd_train.h5", "r+") as file:
        del file[place]
        if value is not None:
            file[place] = value
    with pytest.raises(DataError, match=f"(?s)not in the layout of the Spiking Heidelberg Digits.*shd_train.h5.*got: .*{got}"):
        heidelberg_digits(folder)


@pytest.mark.parametrize(
    ("times", "units", "facts", "message"),
    [
        ([[0.1, 0.2]], [[1]], {}, "recording 0: "),
        ([[-0.1]], [[1]], {}, "recording 0: "),
        ([[np.nan]], [[1]], {}, "recording 0: "),
        ([[0.1]], [[600]], {"n_channels": 100}, "more units than channels.*at least"),
        ([[]], [[]], {}, "there are no spikes"),
    ],
)
def test_impossible_recordings(tmp_path, times, units, facts, message):
    with pytest.raises(DataError, match=f"(?s){message}"):
        heidelberg_digits(write(tmp_path / "one.h5", times, units, [0]), **facts)


def test_speakers_are_held_out_whole(folder):
    data = heidelberg_digits(folder)
    learn, held_out = data.speaker_split(seed=3)
    assert len(learn) + len(held_out) == 100
    assert len(set(held_out.speakers)) == 1  # a fifth of five
    assert not set(learn.speakers) & set(held_out.speakers)
    assert {tuple(set(data.speaker_split(seed=k)[1].speakers)) for k in range(20)} == {(s,) for s in "01234"}
    with pytest.raises(DataError, match=r"(?s)speakers can't be divided.*1 speaker"):
        data[data.speakers == "0"].speaker_split()

"""Datasets from spikes of one's own: where each spike lands, by a recount, and what is refused."""

import brian2 as b2
import numpy as np
import pytest

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import DataError, SpecError, UnknownNameError

from ..refusal import refused

N, CHANNELS, DT = 20, 7, 0.002
LABELS = ["left", "right"] * (N // 2)


@pytest.fixture(scope="module")
def spikes():
    """Times that no step holds twice in a channel, in no order, and away from the borders of the steps; with the raster that they are."""
    rng = np.random.default_rng(0)
    raster = rng.random((N, 40, CHANNELS)) < 0.1
    raster[:, 39, 0] = True
    cells = [rng.permutation(np.argwhere(one)) for one in raster]
    times = [(c[:, 0] + rng.uniform(0.01, 0.99, len(c))) * DT for c in cells]
    return times, [c[:, 1] for c in cells], raster.transpose(1, 0, 2)


def times_of(spikes, **options):
    return SpikeDataset.from_times(spikes[0], spikes[1], LABELS, **{"dt": "2 ms"} | options)


@pytest.mark.parametrize("unit", [None, "ms", "100 us", 50 * b2.ms, "brian"])
def test_times_in_any_unit(spikes, unit):
    times, units, raster = spikes
    if unit == "brian":
        data = SpikeDataset.from_times([t * b2.second for t in times], units, LABELS, dt=2 * b2.ms)
    else:
        scale = {None: 1.0, "ms": 1e-3, "100 us": 1e-4}.get(unit if isinstance(unit, str | None) else "", 0.05)
        options = {} if unit is None else {"time_unit": unit}
        data = SpikeDataset.from_times([t / scale for t in times], units, LABELS, dt=DT, **options)
    assert np.array_equal(data.rasters(), raster)
    assert (data.dt, data.n_channels, data.classes) == (DT, CHANNELS, ("left", "right"))
    assert data.labels.tolist() == [0, 1] * (N // 2)
    assert np.flatnonzero(data.split == "test").tolist() == [8, 9, 18, 19]  # every fifth of each label


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_times_on_the_grid_stay_in_their_step(dtype):
    steps = np.arange(2000)
    data = SpikeDataset.from_times([(steps * dtype(0.001)).astype(dtype)], [steps % 3], [0], dt="1 ms")
    assert np.array_equal(data.steps, steps)


def test_the_end_of_recordings(spikes):
    whole, cut = times_of(spikes), times_of(spikes, duration="50 ms", n_channels=9)
    assert set(whole.n_steps) == {40}
    assert (set(cut.n_steps), cut.n_channels) == ({25}, 9)
    assert np.array_equal(cut.rasters()[:, :, :CHANNELS], spikes[2][:25])
    assert cut.info["cut_off"] == f"{spikes[2][25:].sum()} spikes after the end"


def test_spikes_that_share_a_step_are_refused_or_merged_and_counted(spikes):
    with refused(DataError, "a channel spikes twice in one step", remedy="merge=True"):
        times_of(spikes, dt="8 ms")
    data = times_of(spikes, dt="8 ms", merge=True)
    coarse = spikes[2].reshape(10, 4, N, CHANNELS).any(axis=1)
    assert np.array_equal(data.rasters(), coarse)
    assert data.info["merged"].startswith(f"{spikes[2].sum() - coarse.sum()} spikes")
    lists = {"dt": "2 ms", "n_channels": 2, "n_steps": [3], "labels": [0]}
    assert SpikeDataset.from_lists([[2, 2, 0]], [[1, 1, 0]], merge=True, **lists).steps.tolist() == [0, 2]


def test_rasters_the_other_way_round_and_as_a_list(spikes):
    raster = spikes[2]
    for given in (raster, raster.transpose(1, 0, 2), list(raster.transpose(1, 0, 2)), raster.astype(float)):
        assert np.array_equal(SpikeDataset.from_raster(given, LABELS, dt=DT).rasters(), raster)
    square = raster[:N]
    with refused(DataError, "which axis has the recordings", got=f"({N}, {N}, {CHANNELS})", remedy="batch_first=True or False"):
        SpikeDataset.from_raster(square, LABELS, dt=DT)
    first = SpikeDataset.from_raster(square.transpose(1, 0, 2), LABELS, dt=DT, batch_first=True, names=list(map(str, range(N))))
    assert np.array_equal(first.rasters(), square)
    counts = SpikeDataset.from_raster(3 * raster, LABELS, dt=DT, merge=True)
    assert np.array_equal(counts.rasters(), raster)
    assert counts.info["merged"].startswith(f"{2 * raster.sum()} spikes")


def events(spikes, width=7, dtype=(("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "?"))):
    """Structured arrays as tonic has them, with an address of a sensor of ``width`` columns."""
    made = []
    for times, units in zip(spikes[0], spikes[1], strict=True):
        one = np.zeros(len(times), dtype=list(dtype))
        one["t"], one["x"], one["y"] = np.round(1e6 * times), units % width, units // width
        if "p" in one.dtype.names:
            one["p"] = units % 2
        made.append(one)
    return made


def test_events_have_the_channels_of_a_flattened_frame(spikes):
    data = SpikeDataset.from_events(events(spikes, 4), LABELS, dt="2 ms", sensor_size=(4, 2, 2))
    frame = np.zeros((40, N, 2, 2, 4), dtype=bool)  # (time, recording, p, y, x), as tonic's ToFrame
    for step, recording, unit in np.argwhere(spikes[2]):
        frame[step, recording, unit % 2, unit // 4, unit % 4] = True
    assert np.array_equal(data.rasters(), frame.reshape(40, N, 16))
    sound = SpikeDataset.from_events(events(spikes), LABELS, dt="2 ms", sensor_size=(7, 1, 1))  # one polarity, which says 1 (tonic's SHD)
    assert np.array_equal(sound.rasters(), spikes[2])
    assert np.array_equal(
        SpikeDataset.from_events(events(spikes, dtype=(("t", "f8"), ("x", "u1"), ("y", "u1"))), LABELS, dt=DT).rasters(), spikes[2]
    )


def test_datasets_of_torch(spikes):
    torch = pytest.importorskip("torch")
    tensors = torch.utils.data.TensorDataset(torch.tensor(spikes[2]).transpose(0, 1), torch.arange(N) % 3)
    data = SpikeDataset.from_torch(tensors, dt="2 ms")
    assert np.array_equal(data.rasters(), spikes[2])
    assert data.labels.tolist() == [k % 3 for k in range(N)]
    both = SpikeDataset.from_torch(tensors, torch.utils.data.Subset(tensors, range(5)), dt="2 ms")
    assert (len(both.train), len(both.test)) == (N, 5)
    frames = [(x.reshape(40, 1, 7, 1).to_sparse(), "ab"[k % 2]) for k, (x, _) in enumerate(tensors)]
    assert np.array_equal(SpikeDataset.from_torch(frames, dt="2 ms").rasters(), spikes[2])
    assert np.array_equal(
        SpikeDataset.from_torch(list(zip(events(spikes), LABELS, strict=True)), dt=DT, sensor_size=(7, 1, 1)).rasters(), spikes[2]
    )
    with refused(DataError, "several labels", got="5 labels", remedy="loader.dataset"):
        SpikeDataset.from_torch(torch.utils.data.DataLoader(tensors, batch_size=5), dt=DT)
    with refused(DataError, "no recording with its label", got="Tensor"):
        SpikeDataset.from_torch([torch.zeros(3, 4)], dt=DT)
    with refused(DataError, "these are no spikes", got="shape (5,)"):
        SpikeDataset.from_torch([(torch.zeros(5), 1)], dt=DT)


def test_labels_as_texts(spikes):
    assert times_of(spikes, classes=["right", "left"]).labels.tolist() == [1, 0] * (N // 2)
    named = SpikeDataset.from_times(spikes[0], spikes[1], [0, 1] * (N // 2), dt=DT, classes=["a", "b"])
    assert named.classes == ("a", "b")
    assert named[3:4].classes == ("a", "b")
    with refused(DataError, "a label is no class", got="'left'"):
        times_of(spikes, classes=["right"])
    with refused(DataError, "a label has no name", got="label 1 and 1 classes"):
        SpikeDataset.from_times(spikes[0], spikes[1], [0, 1] * (N // 2), dt=DT, classes=["a"])
    words = SpikeDataset.from_lists([[0], [1]], [[0], [0]], dt=DT, n_channels=1, n_steps=[2, 2], labels=["yes", "no"])
    assert (words.labels.tolist(), words.classes, set(words.split)) == ([1, 0], ("no", "yes"), {"train"})


def test_names_and_classes_survive_a_file(spikes, tmp_path):
    data = times_of(spikes, split="test", names=[f"cell {k}" for k in range(N)])
    data.save(tmp_path / "own.h5")
    again = SpikeDataset.load(tmp_path / "own.h5")
    assert (again.classes, again.names[3], len(again.test)) == (("left", "right"), "cell 3", N)
    assert again.fingerprint() == data.fingerprint()


def one(times=((0.1,),), units=((0,),), labels=(0,), **options):
    return SpikeDataset.from_times(times, units, labels, **{"dt": DT} | options)


@pytest.mark.parametrize(
    ("make", "error", "words", "remedy"),
    [
        (lambda: one([[-0.1]]), DataError, ("impossible", "-0.1 s"), "times - times.min()"),
        (lambda: one([[np.nan]]), DataError, ("impossible", "nan"), "leave out"),
        (lambda: one([[1e9]]), DataError, ("too long", "1e+09 s"), 'time_unit="us"'),
        (lambda: one([[100.0]], duration=1.0), DataError, ("hardly any spike", "100 s"), 'time_unit="ms"'),
        (lambda: one([[0.1] * b2.mV]), SpecError, ("wrong kind", "volt"), ""),
        (lambda: one(units=[[0.5]]), DataError, ("units must be whole numbers", "0.5"), "from 0 on"),
        (lambda: one(units=[[-1]]), DataError, ("units must be whole numbers", "-1"), "from 0 on"),
        (lambda: one(units=[["a"]]), DataError, ("units are not numbers",), ""),
        (lambda: one([0.1], [0]), DataError, ("not given by recording",), "[times], [units]"),
        (lambda: one(units=[[0, 1]]), DataError, ("times and units do not fit together",), "one of the times and a unit"),
        (lambda: one(labels=[0, 1]), DataError, ("not a label for each recording", "(2,)"), "every recording a label"),
        (lambda: one(labels=[0.0]), DataError, ("labels must be whole numbers",), "astype(int)"),
        (lambda: one(dt=0), DataError, ("above 0",), '"2 ms"'),
        (lambda: one(dt="2 mV"), SpecError, ("wrong kind",), ""),
        (lambda: one(speaker=["ann"]), UnknownNameError, ("unknown option", "'speaker'", "speakers"), ""),
        (lambda: one(split="val"), DataError, ("neither split", "'val'"), ""),
        (lambda: SpikeDataset.from_events([np.zeros((3, 4))], [0], dt=DT), DataError, ("these are no events", "float64"), "from_raster"),
        (lambda: SpikeDataset.from_raster(np.zeros((5, 2)), [0], dt=DT), DataError, ("not have a recording for each", "(5, 2)"), "order"),
        (lambda: SpikeDataset.from_raster([np.full((5, 2), 0.5)], [0], dt=DT), DataError, ("other numbers", "0.5"), "encoded first"),
        (lambda: SpikeDataset.from_raster([2 * np.ones((5, 2))], [0], dt=DT), DataError, ("other numbers", "2"), "merge=True"),
        (
            lambda: SpikeDataset.from_raster([np.ones((5, 2)), np.ones((2, 5))], [0, 1], dt=DT),
            DataError,
            ("different numbers", "2, 5"),
            "(channel, time)",
        ),
    ],
)
def test_what_is_refused(make, error, words, remedy):
    what, got, *expected = (*words, "")[: max(2, len(words))]
    with refused(error, what, got=got, expected="".join(expected), remedy=remedy):
        make()


def test_an_event_outside_of_the_sensor(spikes):
    with refused(DataError, "outside of the sensor", got="x up to 6", expected="3 x 1 x 2"):
        SpikeDataset.from_events(events(spikes), LABELS, dt=DT, sensor_size=(3, 1, 2))

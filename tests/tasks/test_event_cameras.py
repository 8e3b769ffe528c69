"""DVS128 Gesture and CIFAR10-DVS from files that are written here, byte by byte as the formats say."""

import struct

import numpy as np
import pytest

from hetsyn_sim.tasks import cifar10_dvs, dvs_gestures
from hetsyn_sim.tasks.aedat import read_aedat_2_0, read_aedat_3_1
from hetsyn_sim.tasks.event_cameras import GESTURES

from .conftest import COLUMNS, HEAD_2, HEAD_3, TRIALS, WINDOWS, aedat_3, polarity_packet, some


def expected_raster(events, start, end, dt_us, pool, n_steps):
    """By another route: one event after the other."""
    side = 128 // pool
    raster = np.zeros((n_steps, 2, side, side), dtype=bool)
    for t, x, y, on in events:
        if start <= t < end and (t - start) // dt_us < n_steps:
            raster[(t - start) // dt_us, on, y // pool, x // pool] = True
    return raster.reshape(n_steps, -1)


@pytest.mark.parametrize("pool", [1, 4, 128])
def test_every_event_of_a_gesture_is_a_spike_in_its_place(gestures, pool):
    data = dvs_gestures(gestures, dt=0.007, pool=pool)
    assert (len(data.train), len(data.test), data.n_channels, data.dt) == (6, 3, 2 * (128 // pool) ** 2, 0.007)
    assert data.labels.tolist() == [10, 2, 2] * 3
    assert (GESTURES[10], GESTURES[2]) == ("other gestures", "left hand wave")
    assert data.speakers.tolist() == ["user01"] * 3 + ["user02"] * 3 + ["user24"] * 3
    assert data.names[7] == "user24_fluorescent_led line 3"
    raster = data.rasters()
    for k in range(9):
        _, start, end = WINDOWS[k % 3]
        n_steps = -(-(end - start) // 7_000)
        assert data.n_steps[k] == n_steps
        np.testing.assert_array_equal(raster[:n_steps, k], expected_raster(some(500, k // 3), start, end, 7_000, pool, n_steps))
        assert not raster[n_steps:, k].any()


def test_a_duration_makes_all_recordings_equally_long_and_they_can_be_kept(gestures, tmp_path):
    data = dvs_gestures(gestures, dt=0.01, duration=0.12, pool=16)
    assert (data.n_steps == 12).all()
    np.testing.assert_array_equal(data.rasters()[:, 1], expected_raster(some(500, 0), 150_000, 260_500, 10_000, 16, 12))
    data.save(tmp_path / "gestures.h5")
    assert type(data).load(tmp_path / "gestures.h5").fingerprint() == data.fingerprint()
    assert {part.speakers[0] for part in data.speaker_split(0.5)} == {"user01", "user02"}


@pytest.mark.parametrize(("t", "step"), [(1_000, 0), (1_999, 0), (2_000, 1), (9_999, 8), (10_000, None), (999, None)])
def test_the_borders_of_a_step_and_of_a_gesture(gestures, t, step):
    """dt is counted in whole microseconds: 1 ms is 1000 of them, whatever 0.001 is as a binary number."""
    name = TRIALS["test"][0]
    (gestures / name.replace(".aedat", "_labels.csv")).write_text(COLUMNS + "1,1000,10000\n")
    (gestures / name).write_bytes(aedat_3([(t, 3, 5, 1)]))
    data = dvs_gestures(gestures, dt=0.001, pool=128)
    assert data.test.steps.tolist() == ([] if step is None else [step])
    assert ("left_out" in data.info) == (step is None)


def test_packets_of_other_types_invalid_events_and_overflows(tmp_path):
    """Others are stepped over, invalid events left out, and after 2^31 us the count of overflows is the 32nd bit.

    The first packet begins like a line of the header: 35 is the byte of a #, and the number of a type.
    """
    other = struct.pack("<hhiiiiii", 35, 1, 36, 4, 0, 2, 2, 2) + b"#" * 72
    events = [(5, 1, 2, 1, 1), (6, 9, 9, 1, 0), (2**31 - 1, 3, 4, 0, 1)]
    packets = [other, polarity_packet(events), other, polarity_packet([]), polarity_packet([(7, 127, 0, 1, 1)], overflow=1)]
    (tmp_path / "a.aedat").write_bytes(HEAD_3 + b"".join(packets))
    found = read_aedat_3_1(tmp_path / "a.aedat")
    assert found.t.tolist() == [5, 2**31 - 1, 2**31 + 7]
    assert (found.x.tolist(), found.y.tolist(), found.on.tolist()) == ([1, 3, 127], [2, 4, 0], [True, False, True])


def test_the_words_of_the_older_format_by_hand(tmp_path):
    """Address 0x0503: y = 5, x = 127 - 1, OFF; 0x7F00: y = 127, x = 127, ON; 0x8000: from outside, no pixel."""
    path = tmp_path / "a.aedat"
    path.write_bytes(HEAD_2 + bytes.fromhex("00000503 0000000a 00008000 0000000b 00007f00 00000100"))
    found = read_aedat_2_0(path)
    assert (found.t.tolist(), found.x.tolist(), found.y.tolist(), found.on.tolist()) == ([10, 256], [126, 127], [5, 127], [False, True])


def test_images_are_labelled_by_their_class_and_split_by_their_number(images):
    data = cifar10_dvs(images, dt=0.01, pool=8, test_share=0.25)
    assert (len(data.train), len(data.test), data.n_channels) == (18, 6, 512)
    assert set(zip(data.labels.tolist(), [name.split("_")[1] for name in data.names], strict=True)) == {(0, "airplane"), (3, "cat")}
    # by number, so that 10 comes after 9
    assert data.test.names.tolist() == [f"cifar10_{name}_{k}" for name in ("airplane", "cat") for k in (9, 10, 11)]
    for k in range(len(data)):
        events = some(60, 100 * int(data.labels[k] == 0) + int(data.names[k].split("_")[2]), start=5_000)
        first, last = events[0][0], events[-1][0]
        n_steps = (last - first) // 10_000 + 1
        assert data.n_steps[k] == n_steps
        np.testing.assert_array_equal(data.rasters()[:n_steps, k], expected_raster(events, first, last + 1, 10_000, 8, n_steps))


def test_recordings_without_an_event_are_counted(images):
    (images / "cat" / "cifar10_cat_3.aedat").write_bytes(HEAD_2)
    data = cifar10_dvs(images, dt=0.01, pool=8)
    assert (len(data), data.info["left_out"]) == (23, "1 recordings without an event")

"""DVS128 Gesture and CIFAR10-DVS from files that are written here, byte by byte as the formats say; and what is wrong with a file."""

import struct

import numpy as np
import pytest

from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.tasks import cifar10_dvs, dvs_gestures
from hetsyn_sim.tasks.aedat import read_aedat_2_0, read_aedat_3_1
from hetsyn_sim.tasks.event_cameras import GESTURES

HEAD_3 = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#Start-Time: 2016-09-14 10:22:01 (TZ-0700)\r\n#!END-HEADER\r\n"
HEAD_2 = b"#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n# Timestamps tick is 1 us\r\n"
COLUMNS = "class,startTime_usec,endTime_usec\n"


def polarity_packet(events, overflow=0):
    """A packet of (t, x, y, on, valid)."""
    head = struct.pack("<hhiiiiii", 1, 1, 8, 4, overflow, len(events), len(events), sum(e[4] for e in events))
    return head + b"".join(struct.pack("<II", x << 17 | y << 2 | on << 1 | valid, t) for t, x, y, on, valid in events)


def aedat_3(events, per_packet=7):
    """(t, x, y, on) as a file, all valid."""
    full = [(*event, 1) for event in events]
    return HEAD_3 + b"".join(polarity_packet(full[k : k + per_packet]) for k in range(0, len(full), per_packet))


def aedat_2(events):
    return HEAD_2 + b"".join(struct.pack(">II", (127 - x) << 1 | y << 8 | (0 if on else 1), t) for t, x, y, on in events)


def some(n, seed, end=400_000, start=0):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(start, end, n))
    x, y, on = rng.integers(0, 128, n), rng.integers(0, 128, n), rng.integers(0, 2, n)
    return list(zip(t.tolist(), x.tolist(), y.tolist(), on.tolist(), strict=True))


TRIALS = {"train": ["user01_led.aedat", "user02_lab.aedat"], "test": ["user24_fluorescent_led.aedat"]}
WINDOWS = [(11, 1_000, 150_000), (3, 150_000, 260_500), (3, 250_000, 390_001)]  # the last two overlap, as they do in the original


@pytest.fixture
def gestures(tmp_path):
    for k, name in enumerate(TRIALS["train"] + TRIALS["test"]):
        (tmp_path / name).write_bytes(aedat_3(some(500, k)))
        rows = "".join(f"{c},{start},{end}\n" for c, start, end in WINDOWS)
        (tmp_path / name.replace(".aedat", "_labels.csv")).write_text(COLUMNS + rows)
    for split, names in TRIALS.items():
        (tmp_path / f"trials_to_{split}.txt").write_text("\n".join(names) + "\n\n")
    return tmp_path


@pytest.fixture
def images(tmp_path):
    for label, name in enumerate(("cat", "airplane")):
        (tmp_path / name).mkdir()
        for k in range(12):
            (tmp_path / name / f"cifar10_{name}_{k}.aedat").write_bytes(aedat_2(some(60, 100 * label + k, start=5_000)))
    return tmp_path


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


def test_a_duration_makes_all_recordings_equally_long(gestures):
    data = dvs_gestures(gestures, dt=0.01, duration=0.12, pool=16)
    assert (data.n_steps == 12).all()
    np.testing.assert_array_equal(data.rasters()[:, 1], expected_raster(some(500, 0), 150_000, 260_500, 10_000, 16, 12))


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
    """Others are stepped over, invalid events left out, and after 2^31 us the count of overflows is the 32nd bit."""
    other = struct.pack("<hhiiiiii", 2, 1, 36, 4, 0, 2, 2, 2) + b"#" * 72
    path = tmp_path / "a.aedat"
    events = [(5, 1, 2, 1, 1), (6, 9, 9, 1, 0), (2**31 - 1, 3, 4, 0, 1)]
    path.write_bytes(
        HEAD_3 + other + polarity_packet(events) + other + polarity_packet([]) + polarity_packet([(7, 127, 0, 1, 1)], overflow=1)
    )
    found = read_aedat_3_1(path)
    assert found.t.tolist() == [5, 2**31 - 1, 2**31 + 7]
    assert (found.x.tolist(), found.y.tolist(), found.on.tolist()) == ([1, 3, 127], [2, 4, 0], [True, False, True])


def test_a_packet_may_begin_like_a_header_line(tmp_path):
    """35 is the byte of a #, and the number of a type: after the end of the header it is a packet."""
    path = tmp_path / "a.aedat"
    path.write_bytes(HEAD_3 + struct.pack("<hhiiiiii", 35, 1, 4, 0, 0, 1, 1, 1) + b"abcd" + polarity_packet([(5, 1, 2, 1, 1)]))
    assert read_aedat_3_1(path).t.tolist() == [5]


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


def test_what_was_read_can_be_kept(gestures, tmp_path):
    data = dvs_gestures(gestures, pool=8)
    data.save(tmp_path / "gestures.h5")
    assert type(data).load(tmp_path / "gestures.h5").fingerprint() == data.fingerprint()
    assert {part.speakers[0] for part in data.speaker_split(0.5)} == {"user01", "user02"}


good = aedat_3(some(20, 0))
PACKET = len(HEAD_3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "of another format.*got:      an empty file.*AEDAT 3.1"),
        (HEAD_2 + b"\0" * 16, "of another format.*#!AER-DAT2.0.*AEDAT 3.1.*remedy"),
        (b"not a recording", "of another format.*not a recording"),
        (b"#!AER-DAT3.1\n#Format", "damaged.*a header line without an end"),
        (good[:-3], "damaged.*got:      45 bytes at byte .*the 6 events of 8 bytes that the packet announces.*download"),
        (good + b"\1\0", "damaged.*got:      2 bytes at byte .*a packet, which begins with 28 bytes"),
        (HEAD_3 + struct.pack("<hhiiiiii", 1, 1, 12, 4, 0, 0, 0, 0), "damaged.*type 1 with 0 events of 12 bytes.*events of 8 bytes"),
        (HEAD_3 + struct.pack("<hhiiiiii", 1, 1, 8, 0, 0, 0, 0, 0), "damaged.*time at 0.*their time at 4"),
        (HEAD_3 + struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, 5, -5, 5), "damaged.*-5 events.*not negative"),
        (HEAD_3 + struct.pack("<hhiiiiii", 2, 1, 0, 4, 0, 5, 5, 5), "damaged.*5 events of 0 bytes"),
        (aedat_3([(1, 3, 3, 1), (2, 128, 5, 0)]), "damaged.*pixel x = 128, y = 5 in event 1.*pixels from 0 to 127"),
        (aedat_3([(1, 3, 0x7FFF, 1)]), "damaged.*pixel x = 3, y = 32767 in event 0"),
        (aedat_3([(9, 3, 3, 1), (5, 1, 1, 1)]), "time runs backwards.*event 1 at 5 us after 9 us, 1 such.*unordered=True"),
    ],
)
def test_damaged_recordings_of_gestures(gestures, content, says):
    path = gestures / TRIALS["train"][1]
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"(?s){says}") as error:
        dvs_gestures(gestures)
    assert error.value.where == str(path)
    assert error.value.expected
    assert error.value.remedy


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "of another format.*got:      an empty file.*AEDAT 2.0"),
        (good, "of another format.*#!AER-DAT3.1.*AEDAT 2.0"),
        (aedat_2(some(5, 0))[:-3], "damaged.*got:      37 bytes after the header.*whole events of 8 bytes"),
        (HEAD_2 + struct.pack(">IIII", 6, 1, 0x12345, 2), "damaged.*address 0x12345 in event 1.*at most 16 bits"),
        (aedat_2([(9, 3, 3, 1), (5, 1, 1, 1), (4, 1, 1, 1)]), "time runs backwards.*event 1 at 5 us after 9 us, 2 such"),
    ],
)
def test_damaged_recordings_of_images(images, content, says):
    path = images / "cat" / "cifar10_cat_7.aedat"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"(?s){says}") as error:
        cifar10_dvs(images)
    assert error.value.where == str(path)
    assert error.value.remedy


def test_times_that_run_backwards_can_be_taken_as_they_are(gestures, images):
    path = images / "cat" / "cifar10_cat_7.aedat"
    path.write_bytes(aedat_2([(9_000, 3, 3, 1), (5_000, 1, 1, 1)]))
    recording = cifar10_dvs(images, dt=0.001, pool=128, unordered=True)
    assert recording[np.flatnonzero(recording.names == path.stem)].steps.tolist() == [0, 4]
    (gestures / TRIALS["test"][0]).write_bytes(aedat_3([(9_000, 3, 3, 1), (5_000, 1, 1, 1)]))
    assert dvs_gestures(gestures, dt=0.001, pool=128, unordered=True).test.steps.tolist() == [4, 8]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "can't be read.*no such file.*its _labels.csv"),
        (b"\xff\xfe\0", "can't be read.*UnicodeDecodeError"),
        (b"", "not the labels.*the first line '', 0 more"),
        (COLUMNS.encode(), "not the labels.*0 more"),
        (b"1,0,5\n2,5,9\n", "not the labels.*the first line '1,0,5', 1 more.*class,startTime_usec,endTime_usec"),
        (COLUMNS.encode() + b"12,0,5\n", "not the labels.*class 12 from 0 to 5 us in line 2.*from 1 to 11"),
        (COLUMNS.encode() + b"1,0,5\n1,5,5\n", "not the labels.*class 1 from 5 to 5 us in line 3"),
        (COLUMNS.encode() + b"1,0\n", "not the labels.*'1,0' in line 2"),
        (COLUMNS.encode() + b"one,0,5\n", "not the labels.*'one,0,5' in line 2"),
    ],
)
def test_labels_that_are_none(gestures, content, says):
    path = gestures / "user02_lab_labels.csv"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(DataError, match=f"(?s){says}") as error:
        dvs_gestures(gestures)
    assert error.value.where == str(path)


def test_lists_of_trials_that_are_none(gestures):
    path = gestures / "trials_to_train.txt"
    for content, says in (
        ("", "an empty list"),
        ("user01_led.aedat\nuser77_led.aedat\n", "1 of 2 not there, the first is 'user77_led.aedat'"),
        ("../user01_led.aedat\n", "1 of 1 not there, the first is '../user01_led.aedat'"),
    ):
        path.write_text(content)
        with pytest.raises(DataError, match=f"(?s)names no recordings of this folder.*{says}"):
            dvs_gestures(gestures)
    path.write_text("user24_fluorescent_led.aedat\n")
    with pytest.raises(DataError, match=r"(?s)in both splits.*user24_fluorescent_led\.aedat"):
        dvs_gestures(gestures)
    path.unlink()
    with pytest.raises(DataError, match=r"(?s)can't be read.*trials_to_train\.txt.*no such file"):
        dvs_gestures(gestures)


def test_folders_that_are_none(tmp_path):
    with pytest.raises(DataError, match=r"(?s)can't be read.*trials_to_train\.txt"):
        dvs_gestures(tmp_path)
    for folder, says in ((tmp_path, "no folders in it"), (tmp_path / "none", "no such folder")):
        with pytest.raises(DataError, match=f"(?s)not a folder with the classes.*{says}.*airplane"):
            cifar10_dvs(folder)
    (tmp_path / "cat").mkdir()
    with pytest.raises(DataError, match=r"(?s)a class has no recordings.*cat.*no file ending in \.aedat.*cifar10_cat_0\.aedat"):
        cifar10_dvs(tmp_path)
    (tmp_path / "cat" / "cifar10_cat_0.aedat").write_bytes(HEAD_2)
    with pytest.raises(DataError, match=r"(?s)no event in any recording.*1 recordings"):
        cifar10_dvs(tmp_path)
    (tmp_path / "unicorn").mkdir()
    with pytest.raises(DataError, match=r"(?s)not a folder with the classes.*cat, unicorn"):
        cifar10_dvs(tmp_path)


@pytest.mark.parametrize(
    "facts",
    [
        {"dt": 0.0},
        {"dt": -0.001},
        {"dt": 1.5e-6},
        {"dt": 1e-7},
        {"dt": np.nan},
        {"duration": 0.001},
        {"pool": 3},
        {"pool": 0},
        {"pool": 4.0},
    ],
)
def test_settings_that_make_no_grid(images, facts):
    with pytest.raises(ConfigError, match=r"(?s)do not make a grid.*whole number of microseconds"):
        cifar10_dvs(images, **facts)


def test_a_share_that_is_none(images):
    with pytest.raises(ConfigError, match=r"(?s)this is no share.*test_share"):
        cifar10_dvs(images, test_share=1.5)

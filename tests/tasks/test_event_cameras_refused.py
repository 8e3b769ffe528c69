"""What is wrong with a recording of an event camera, its labels, its folder or the settings."""

import struct

import numpy as np
import pytest

from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.tasks import cifar10_dvs, dvs_gestures

from .camera_files import COLUMNS, HEAD_2, HEAD_3, TRIALS, aedat_2, aedat_3, some

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
        (None, "can't be read.*No such file.*its _labels.csv"),
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
    with pytest.raises(DataError, match=r"(?s)can't be read.*trials_to_train\.txt.*No such file"):
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


def test_settings_that_make_no_grid_or_split(images):
    wrong = {"dt": (0.0, -0.001, 1.5e-6, 1e-7, np.nan), "duration": (0.001,), "pool": (3, 0, 4.0)}
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(ConfigError, match=r"(?s)do not make a grid.*whole number of microseconds"):
                cifar10_dvs(images, **{name: value})
    with pytest.raises(ConfigError, match=r"(?s)this is no share.*test_share"):
        cifar10_dvs(images, test_share=1.5)

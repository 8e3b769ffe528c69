"""What is wrong with a recording of an event camera, its labels, its folder or the settings. More cases: tests/reliability."""

import struct

import numpy as np
import pytest

from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.tasks import cifar10_dvs, dvs_gestures

from ..refusal import refused
from .conftest import COLUMNS, HEAD_2, HEAD_3, TRIALS, aedat_2, aedat_3, some


def packet(*head):
    return HEAD_3 + struct.pack("<hhiiiiii", *head)


BACKWARDS = [(9, 3, 3, 1), (5, 1, 1, 1), (4, 1, 1, 1)]


@pytest.mark.parametrize(
    ("read", "content", "says"),
    [
        (dvs_gestures, b"", "of another format.*got:      an empty file.*AEDAT 3.1"),
        (dvs_gestures, b"#!AER-DAT3.1\n#Format", "damaged.*a header line without an end"),
        (dvs_gestures, aedat_3(some(20, 0))[:-3], "damaged.*45 bytes at byte .*6 events of 8 bytes that the packet announces.*download"),
        (dvs_gestures, aedat_3(some(20, 0)) + b"\1\0", "damaged.*2 bytes at byte .*a packet, which begins with 28 bytes"),
        (dvs_gestures, packet(1, 1, 12, 4, 0, 0, 0, 0), "damaged.*type 1 with 0 events of 12 bytes.*events of 8 bytes"),
        (dvs_gestures, packet(1, 1, 8, 0, 0, 0, 0, 0), "damaged.*time at 0.*their time at 4"),
        (dvs_gestures, aedat_3([(1, 3, 3, 1), (2, 128, 5, 0)]), "damaged.*pixel x = 128, y = 5 in event 1.*pixels from 0 to 127"),
        (dvs_gestures, aedat_3([(1, 3, 0x7FFF, 1)]), "damaged.*pixel x = 3, y = 32767 in event 0"),
        (dvs_gestures, aedat_3(BACKWARDS[:2]), "time runs backwards.*event 1 at 5 us after 9 us, 1 such.*unordered=True"),
        (cifar10_dvs, aedat_2(some(5, 0))[:-3], "damaged.*got:      37 bytes after the header.*whole events of 8 bytes"),
        (cifar10_dvs, aedat_2(BACKWARDS), "time runs backwards.*event 1 at 5 us after 9 us, 2 such"),
    ],
)
def test_damaged_recordings(gestures, images, read, content, says):
    path = images / "cat" / "cifar10_cat_7.aedat" if read is cifar10_dvs else gestures / TRIALS["train"][1]
    path.write_bytes(content)
    with refused(DataError, f"(?s){says}", str(path)):
        read(images)


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
        (b"\xff\xfe\0", "can't be read.*UnicodeDecodeError"),
        (b"", "not the labels.*the first line '', 0 more"),
        (b"1,0,5\n2,5,9\n", "not the labels.*the first line '1,0,5', 1 more.*class,startTime_usec,endTime_usec"),
        (COLUMNS.encode(), "not the labels.*0 more"),
        (COLUMNS.encode() + b"12,0,5\n", "not the labels.*class 12 from 0 to 5 us in line 2.*from 1 to 11"),
        (COLUMNS.encode() + b"1,0,5\n1,5,5\n", "not the labels.*class 1 from 5 to 5 us in line 3"),
        (COLUMNS.encode() + b"1,0\n", "not the labels.*'1,0' in line 2"),
        (COLUMNS.encode() + b"one,0,5\n", "not the labels.*'one,0,5' in line 2"),
    ],
)
def test_labels_that_are_none(gestures, content, says):
    path = gestures / "user02_lab_labels.csv"
    path.write_bytes(content)
    with refused(DataError, f"(?s){says}", str(path)):
        dvs_gestures(gestures)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "names no recordings of this folder.*an empty list"),
        ("user01_led.aedat\nuser77_led.aedat\n", "no recordings of this folder.*1 of 2 not there, the first is 'user77_led.aedat'"),
        ("user24_fluorescent_led.aedat\n", r"in both splits.*user24_fluorescent_led\.aedat"),
    ],
)
def test_lists_of_trials_that_are_none(gestures, content, says):
    (gestures / "trials_to_train.txt").write_text(content)
    with pytest.raises(DataError, match=f"(?s){says}"):
        dvs_gestures(gestures)


@pytest.mark.parametrize(
    ("read", "files", "says"),
    [
        (dvs_gestures, [], r"can't be read.*trials_to_train\.txt.*No such file"),
        (cifar10_dvs, [], "not a folder with the classes.*no folders in it.*airplane"),
        (cifar10_dvs, ["cat/"], r"a class has no recordings.*cat.*no file ending in \.aedat.*cifar10_cat_0\.aedat"),
        (cifar10_dvs, ["cat/cifar10_cat_0.aedat"], "no event in any recording.*1 recordings"),
        (cifar10_dvs, ["cat/", "unicorn/"], "not a folder with the classes.*cat, unicorn"),
    ],
)
def test_folders_that_are_none(tmp_path, read, files, says):
    for name in files:
        folder, _, file = name.partition("/")
        (tmp_path / folder).mkdir()
        if file:
            (tmp_path / name).write_bytes(HEAD_2)
    with pytest.raises(DataError, match=f"(?s){says}"):
        read(tmp_path)


@pytest.mark.parametrize("facts", [{"dt": 1.5e-6}, {"dt": 1e-7}, {"duration": 0.001}, {"pool": 3}, {"pool": 0}, {"pool": 4.0}])
def test_settings_that_make_no_grid(images, facts):
    with pytest.raises(ConfigError, match=r"(?s)do not make a grid.*whole number of microseconds"):
        cifar10_dvs(images, **facts)

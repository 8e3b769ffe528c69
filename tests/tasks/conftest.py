"""Recordings of event cameras, written byte by byte as the formats say, and folders of them."""

import struct

import numpy as np
import pytest

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

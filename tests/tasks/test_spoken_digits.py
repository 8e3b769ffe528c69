"""The shipped recordings: what is in them, and that they can be made again."""

import os
from importlib.resources import files

import numpy as np
import pytest

from hetsyn_sim.tasks.encode import encode
from hetsyn_sim.tasks.spoken_digits import ATTRIBUTION, spoken_digits

ARCHIVE = os.environ.get("HETSYN_FSDD", "")


def test_what_is_in_it():
    data = spoken_digits()
    assert (len(data), len(data.train), len(data.test)) == (3000, 2700, 300)
    assert (data.dt, data.n_channels) == (0.010, 70)
    assert np.bincount(data.labels).tolist() == [300] * 10
    assert sorted(set(data.speakers.tolist())) == ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
    assert len(set(data.names.tolist())) == 3000


def test_splits_are_balanced_and_apart():
    data = spoken_digits()
    train, validation = data.validation_split()
    indices = [int(name.rsplit("_", 1)[1]) for name in validation.names]
    assert (len(train), len(validation)) == (2400, 300)
    assert sorted(indices) == sorted([5, 6, 7, 8, 9] * 60)
    assert {int(name.rsplit("_", 1)[1]) for name in data.test.names} == {0, 1, 2, 3, 4}
    assert not set(train.names) & (set(validation.names) | set(data.test.names))


def test_licence_and_attribution_are_inside():
    info = spoken_digits().info
    assert {key: info[key] for key in ATTRIBUTION} == ATTRIBUTION
    assert spoken_digits().fingerprint() in (files("hetsyn_sim.data") / "shipped" / "NOTICE.md").read_text(encoding="utf-8")
    assert spoken_digits() is spoken_digits()  # loaded once


@pytest.mark.slow
@pytest.mark.skipif(
    not ARCHIVE, reason="set HETSYN_FSDD to the folder or archive of the recordings (see hetsyn_sim/data/shipped/NOTICE.md)"
)
def test_the_shipped_file_can_be_made_again(tmp_path):
    again = encode(ARCHIVE, info=ATTRIBUTION)
    assert again.fingerprint() == spoken_digits().fingerprint()
    again.save(tmp_path / "fsdd.h5")
    # Another zlib may pack the same content differently, so the bytes are compared by what was packed on this machine.
    spoken_digits().save(tmp_path / "shipped.h5")
    assert (tmp_path / "fsdd.h5").read_bytes() == (tmp_path / "shipped.h5").read_bytes()

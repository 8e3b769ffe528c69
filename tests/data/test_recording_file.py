import numpy as np
import pytest

from hetsyn_sim.data.recording import Recording
from hetsyn_sim.data.recording_file import load_recording, save_recording
from hetsyn_sim.errors import DataError


@pytest.fixture
def recording():
    rng = np.random.default_rng(0)
    rasters = {name: rng.random((4, 2, n)) < 0.5 for name, n in (("input", 3), ("layer_1", 2))}
    return Recording(0.004, rasters, {"layer_1.v": rng.normal(size=(4, 2, 2))}, "brian2 numpy")


def test_round_trip(recording, tmp_path):
    again = load_recording(save_recording(recording, tmp_path / "folder" / "a.npz"))
    assert (again.dt, again.simulator) == (0.004, "brian2 numpy")
    for part in ("rasters", "traces"):
        assert list(getattr(again, part)) == list(getattr(recording, part))
        for name, array in getattr(recording, part).items():
            np.testing.assert_array_equal(getattr(again, part)[name], array)


def test_another_suffix_is_refused(recording, tmp_path):
    with pytest.raises(DataError, match=r"saved as \.npz"):
        save_recording(recording, tmp_path / "a.h5")


@pytest.mark.parametrize("content", [None, b"", b"PK not a zip", "truncated", "foreign"])
def test_unreadable_files(recording, tmp_path, content):
    path = tmp_path / "a.npz"
    if content == "foreign":
        np.savez(path, something=np.zeros(3))
    elif content == "truncated":
        save_recording(recording, path)
        path.write_bytes(path.read_bytes()[:-100])
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match="can't be read"):
        load_recording(path)

import numpy as np
import pytest
from brian2 import ms, mV, pA

from hetsyn_sim.errors import DataError, SpecError
from hetsyn_sim.exchange.trial_files import read_times, read_traces

from ..refusal import refused


@pytest.mark.parametrize("text", ["1,2\n3,4\n5,6\n", "one,two\n1;2\n3;4\n5;6\n", "# mine\n\n1\t2\n3 4\n5  6"])
def test_a_table_has_a_column_for_each_trial(text, tmp_path):
    path = tmp_path / "my traces.csv"
    path.write_text(text)
    first, second = read_traces(f"{path} mV", "--voltage")
    np.testing.assert_allclose(first / mV, [1, 3, 5])
    np.testing.assert_allclose(second / mV, [2, 4, 6])


def test_a_member_of_an_archive(tmp_path):
    np.savez(tmp_path / "cell.npz", i=np.arange(4.0), v=np.ones((4, 3)))
    assert len(read_traces(f"{tmp_path}/cell.npz:v mV", "--voltage")) == 3
    np.testing.assert_allclose(read_traces(f"{tmp_path}/cell.npz:i pA", "--input")[0] / pA, np.arange(4))
    with refused(DataError, "an archive without this member", got="'x'", expected="i, v", remedy="cell.npz:i"):
        read_traces(f"{tmp_path}/cell.npz:x mV", "--voltage")
    with refused(DataError, "an archive without this member", got="''", expected="i, v"):
        read_traces(f"{tmp_path}/cell.npz mV", "--voltage")


def test_times_of_one_trial_or_of_several(tmp_path):
    (tmp_path / "one.csv").write_text("time\n1.5\n2.5\n")
    (tmp_path / "more.csv").write_text("trial,time\n1,1.5\n0,2.5\n1,3.5\n")
    (tmp_path / "none.csv").write_text("")
    np.testing.assert_allclose(read_times(f"{tmp_path}/one.csv ms", "--spikes", 1)[0] / ms, [1.5, 2.5])
    first, second, third = read_times(f"{tmp_path}/more.csv ms", "--spikes", 3)
    assert [list(train / ms) for train in (first, second, third)] == [[2.5], pytest.approx([1.5, 3.5]), []]
    assert [len(train) for train in read_times(f"{tmp_path}/none.csv ms", "--spikes", 2)] == [0, 0]


REFUSED = {
    "no unit": ("table.csv", DataError, "a file needs the unit"),
    "an unknown unit": ("table.csv mX", SpecError, "unknown unit"),
    "no file": ("nowhere.csv mV", DataError, "this recording can't be read"),
    "words": ("words.csv mV", DataError, "this recording can't be read"),
    "a ragged table": ("ragged.csv mV", DataError, "rows of different lengths"),
    "an archive that is none": ("table.npz:v mV", DataError, "this recording can't be read"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_recording_is_refused(case, tmp_path):
    place, error, what = REFUSED[case]
    for name, text in {"table.csv": "1\n2\n", "words.csv": "v\n1\nhigh\n", "ragged.csv": "1,2\n3\n", "table.npz": "1\n"}.items():
        (tmp_path / name).write_text(text)
    with refused(error, what):
        read_traces(f"{tmp_path}/{place}", "--voltage")


def test_spikes_of_trials_that_are_not_there_are_refused(tmp_path):
    (tmp_path / "s.csv").write_text("0,1\n2,1\n")
    with refused(DataError, "a spike of a trial that is not there", where="--spikes", got="2", expected="0 to 1"):
        read_times(f"{tmp_path}/s.csv ms", "--spikes", 2)
    (tmp_path / "s.csv").write_text("0,1,3\n")
    with refused(DataError, "these are not times of spikes", where="--spikes", got="3 columns"):
        read_times(f"{tmp_path}/s.csv ms", "--spikes", 2)

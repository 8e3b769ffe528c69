"""Files of the user: what is read, and what each wrong file is told."""

import numpy as np
import pytest

from analysis.biology.loaders import REFERENCES, cell_types, from_csv, reference
from hetsyn_sim.errors import DataError, UnknownNameError

from .test_biology import database


def write(folder, text, name="mine.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_file_names_its_unit_in_the_header(tmp_path):
    table = from_csv(write(tmp_path, "cell,tau_ms,g\na,3.5,1\nb,12,2.5\n"))
    assert table.tau == pytest.approx([3.5e-3, 12e-3])
    assert table.column("cell").tolist() == ["a", "b"]
    assert table.column("g").tolist() == [1.0, 2.5]
    assert from_csv(write(tmp_path, "tau_s\n0.02\n0.03\n")).tau.tolist() == [0.02, 0.03]
    assert from_csv(write(tmp_path, "tau_us,unit\n900,us\n")).tau == pytest.approx([9e-4])
    named = from_csv(write(tmp_path, "rise_ms,decay_ms\n1,20\n"), "decay_ms", low=1e-3, high=10e-3)
    assert named.is_high.tolist() == [True]


@pytest.mark.parametrize(
    ("text", "what", "got"),
    [
        ("tau_ms\n", "can't be read", "no rows"),
        ("", "can't be read", "no rows"),
        ("tau,unit\n3,ms\n", "no column of this file holds time constants with their unit", "tau, unit"),
        ("tau_min\n3\n", "no column of this file holds time constants with their unit", "tau_min"),
        ("decay\n3\n", "no column of this file holds time constants with their unit", "decay"),
        ("tau_ms,unit\n3,ms\n4,s\n", "the units of the time constants are mixed", "ms, s"),
        ("tau_ms,unit\n3,s\n", "the units of the time constants are mixed", "s"),
        ("tau_ms\n3\n-1\n", "this is not a time constant", "'-1'"),
        ("tau_ms\n0\n", "this is not a time constant", "'0'"),
        ("tau_ms\nnan\n", "this is not a time constant", "'nan'"),
        ("tau_ms\ninf\n", "this is not a time constant", "'inf'"),
        ("tau_ms\nthree\n", "this is not a time constant", "'three'"),
        ("tau_ms,x\n3,1\n4\n", "can't be read", "row 2 with another number of entries"),
    ],
)
def test_wrong_csv_files_are_told_what_is_wrong(tmp_path, text, what, got):
    path = write(tmp_path, text)
    with pytest.raises(DataError) as caught:
        from_csv(path)
    error = caught.value
    assert what in error.what
    assert str(path) in error.where
    assert got in str(error.got)
    assert error.expected
    assert error.remedy


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path):
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00tau_ms\n\x80")
    for path in (tmp_path / "bytes.csv", tmp_path / "none.csv"):
        with pytest.raises(DataError, match="can't be read"):
            from_csv(path)


CELLS = """specimen__id,ef__tau,donor__species,tag__dendrite_type,structure__acronym
1,20.5,Mus musculus,spiny,VISp4
2,,Homo Sapiens,spiny,MTG
"""


def test_membranes_of_the_cell_types_database(tmp_path):
    table = cell_types(write(tmp_path, CELLS))
    assert table.tau == pytest.approx([20.5e-3])
    assert table.column("dendrite").tolist() == ["spiny"]
    with pytest.raises(DataError, match="without ef__tau"):
        cell_types(write(tmp_path, "tau_ms\n3\n"))
    with pytest.raises(DataError, match="none with ef__tau"):
        cell_types(write(tmp_path, CELLS.replace("20.5", "")))


@pytest.mark.parametrize("name", REFERENCES)
def test_every_name_is_a_set_of_measurements(name):
    table = reference(name)
    assert len(table) > 300
    assert np.isfinite(table.tau).all()
    assert {"pre", "post", "clamp", "temperature_C", "species", "g_nS"} <= set(table.columns)
    assert "Moradi" in table.source


def test_a_name_may_be_a_file(tmp_path):
    assert len(reference(write(tmp_path, "tau_ms\n3\n4\n"))) == 2
    assert len(reference(write(tmp_path, CELLS, "cells.csv"))) == 1
    path = database(tmp_path)
    assert len(reference(path)) == 2
    assert len(reference(f"{path}:psp_decay")) == 3
    with pytest.raises(UnknownNameError, match="unknown reference set") as caught:
        reference("neocortex")
    assert "hippocampome-psp" in str(caught.value)

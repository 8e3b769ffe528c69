"""The one table, and the files of the user it is made from: what is read, what is censored, and what each wrong one is told."""

import re

import numpy as np
import pytest

from analysis.biology.loaders import REFERENCES, cell_types, from_csv, reference
from analysis.biology.table import TauTable
from hetsyn_sim.errors import DataError, UnknownNameError

from ...refusal import refused
from .test_biology import database


def write(folder, text, name="mine.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
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
        (b"\xff\xfe\x00tau_ms\n\x80", "can't be read", ""),
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
    with refused(DataError, rf"(?s){what}.*where: +{re.escape(str(path))}", got=got):
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


def test_every_name_is_a_set_of_measurements():
    for table in map(reference, REFERENCES):
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


@pytest.mark.parametrize(
    ("arguments", "what", "got"),
    [
        ({"tau": np.array([])}, "there are no time constants", "(0,)"),
        ({"tau": np.ones((2, 2))}, "there are no time constants", "(2, 2)"),
        ({"tau": np.array([1e-3, -2e-3])}, "negative or not a number", "-0.002 in row 1, 1 of 2"),
        ({"tau": np.array([np.nan, 1e-3])}, "negative or not a number", "nan in row 0, 1 of 2"),
        ({"tau": np.ones(2), "low": 2.0, "high": 1.0}, "limits are in the wrong order", "2.0 and 1.0 s"),
        ({"tau": np.ones(2), "low": -1.0}, "limits are in the wrong order", "-1.0 and inf s"),
        ({"tau": np.ones(2), "columns": {"pre": np.array(["E"])}}, "a column has another length", "pre: (1,)"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments, what, got):
    with refused(DataError, what, "TauTable, test", got):
        TauTable(source="test", **arguments)


def test_censored_ones_are_at_their_limits_and_counted():
    table = TauTable(np.array([0.0, 1e-3, 5e-3, np.inf]), "test", 2e-3, 1.0)
    assert table.tau.tolist() == [2e-3, 2e-3, 5e-3, 1.0]
    assert table.censored == (0.5, 0.25)
    assert table.observed.tolist() == [5e-3]
    assert table.with_limits(1e-3, 2.0).censored == (0.0, 0.0)  # a limit that was wider once is not remembered
    with pytest.raises(DataError, match="all time constants are censored"):
        table.with_limits(10.0, 20.0).observed  # noqa: B018
    with pytest.raises(ValueError, match="read-only"):
        table.tau[0] = 1.0


def test_rows_are_chosen_by_what_is_known_of_them():
    table = TauTable(np.array([1.0, 2.0, 3.0]), "test", columns={"pre": np.array(["E", "I", "E"]), "n": np.arange(3)})
    assert table.where(pre="E").tau.tolist() == [1.0, 3.0]
    assert table.where(pre=("E", "I"), n=1).tau.tolist() == [2.0]
    with pytest.raises(DataError, match="there is no such column") as caught:
        table.where(clamp="voltage")
    assert "pre, n" in str(caught.value)
    with pytest.raises(DataError, match="there are no time constants"):
        table.where(pre="mixed")


def test_tables_are_joined_where_their_limits_are_the_same():
    one = TauTable(np.ones(2), "one", 0.1, 5.0, {"a": np.arange(2), "b": np.arange(2)})
    joined = TauTable.joined([one, TauTable(np.ones(3), "two", 0.1, 5.0, {"a": np.arange(3)})], "both")
    assert len(joined) == 5
    assert list(joined.columns) == ["a"]
    for parts in ([], [one, one.with_limits(0.2, 5.0)]):
        with pytest.raises(DataError, match="can't be joined"):
            TauTable.joined(parts, "both")

"""The one table: what it is made from, what it refuses, and that what is censored stays so."""

import numpy as np
import pytest

from analysis.biology.table import TauTable
from hetsyn_sim.errors import DataError


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
    with pytest.raises(DataError) as caught:
        TauTable(source="test", **arguments)
    assert what in caught.value.what
    assert caught.value.where == "TauTable, test"
    assert got in str(caught.value.got)
    assert caught.value.expected
    assert caught.value.remedy


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

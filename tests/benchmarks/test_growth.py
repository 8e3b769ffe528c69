"""Fitted exponents on data whose exponents are known, and tables and figures that depend on their file alone."""

import math

import numpy as np
import pytest

from benchmarks import growth, tables
from benchmarks.exponents import SWEEPS, fit_exponent, fit_growth
from benchmarks.growth import shape_at
from benchmarks.rows import make_row, read_rows, write_rows

from .test_training import measured, row

NAMES = ("materialised", "homogeneous", "fused")


def growth_rows(exponents=(1.0, 0.5, 2.0)):
    found = []
    for sweep, values in SWEEPS.items():
        for value in values:
            for name, exponent in zip(NAMES, exponents, strict=True):
                new = make_row(shape_at(sweep, value), 1, measured(name, (3.0 * value**exponent,)), None)
                found.append(new | {"sweep": sweep, "value": value})
    return found


def training_rows():
    return [row(name, (k + 1.0, k + 2.0), threads) for threads in (1, 2) for k, name in enumerate(NAMES)]


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 1.0, 2.0])
def test_the_exponent_of_a_power_is_found(exponent):
    x = [1, 2, 4, 8, 16]
    found = fit_exponent(x, [0.3 * value**exponent for value in x])
    assert found.value == pytest.approx(exponent, abs=1e-12)
    assert found.standard_error == pytest.approx(0.0, abs=1e-12)


def test_the_standard_error_is_that_of_linear_regression():
    from scipy.stats import linregress

    x = np.array([2.0, 4.0, 8.0, 16.0])
    y = x**1.5 * np.array([1.1, 0.9, 1.2, 1.0])
    found, expected = fit_exponent(x, y), linregress(np.log(x), np.log(y))
    assert found == pytest.approx((expected.slope, expected.stderr))


def test_the_overhead_of_small_sizes_is_not_fitted():
    assert fit_exponent([1, 2, 4, 8, 16], [1e6, 2, 4, 8, 16]).value == pytest.approx(1.0)


@pytest.mark.parametrize(("x", "y"), [([1, 2], [1, 2]), ([1, 2, 4], [0, 1, 2])])
def test_too_few_points_have_no_exponent(x, y):
    assert math.isnan(fit_exponent(x, y).value)


def test_every_implementation_has_an_exponent_in_every_sweep():
    rows = growth_rows()
    for sweep in SWEEPS:
        fits = fit_growth(rows, sweep)
        assert {name: round(fit.value, 9) for name, fit in fits.items()} == dict(zip(NAMES, (1.0, 0.5, 2.0), strict=True))


def test_growth_goes_on_where_it_stopped(tmp_path, monkeypatch):
    path, calls = tmp_path / "growth.json", []

    def count(names, shape, *_):
        calls.append(shape.name)
        return [measured(name) for name in names], {}

    monkeypatch.setattr(growth, "SWEEPS", {"N": (32, 64)})
    monkeypatch.setattr("benchmarks.figures.SWEEPS", {"N": (32, 64)})
    monkeypatch.setattr(growth, "measure", count)
    assert growth.main(["--json", str(path)]) == 0
    assert calls == ["growth N = 32", "growth N = 64"]
    write_rows(path, [r for r in read_rows(path) if r["value"] == 32])
    assert growth.main(["--json", str(path), "--figure", str(tmp_path / "growth.png")]) == 0
    assert calls == ["growth N = 32", "growth N = 64", "growth N = 64"]
    assert (tmp_path / "growth.png").stat().st_size > 1000


def test_what_would_not_fit_is_left_out(tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(growth, "SWEEPS", {"N": (32, 512)})
    monkeypatch.setattr(growth, "measure", lambda names, shape, *_: (asked.setdefault(shape.name, names) and [], {}))
    growth.run(None, fresh=False)
    assert "materialised" in asked["growth N = 32"]
    assert "materialised" not in asked["growth N = 512"]


def test_equal_files_make_equal_pages_and_figures(tmp_path):
    training, grown = tmp_path / "training.json", tmp_path / "growth.json"
    write_rows(training, training_rows())
    write_rows(grown, growth_rows())
    for folder in ("a", "b"):
        assert tables.main([str(training), "--growth", str(grown), "--docs", str(tmp_path / folder)]) == 0
    names = ["_generated/growth.md", "_generated/speed.md", "_static/growth.png", "_static/speed.png"]
    assert [(tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names] == [True] * 4


def test_a_file_without_rows_is_refused(tmp_path, capsys):
    assert tables.main([str(tmp_path / "nothing.json")]) == 2
    assert "holds no rows" in capsys.readouterr().err

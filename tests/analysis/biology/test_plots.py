"""Every figure, on tables that are as bad as tables may be: nothing but finite numbers is drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from analysis.biology import plots
from analysis.biology.extraction import extract, extract_all
from analysis.biology.nulls import initial_values
from analysis.biology.plots import plot_change
from analysis.biology.table import TauTable
from analysis.biology.uncertainty import Estimate

from .networks import run_of


def ends(key, tau, rng):
    return np.where(rng.random(tau.shape) < 0.3, 0.0, np.where(rng.random(tau.shape) < 0.5, np.inf, tau))


def spread(key, tau, rng):
    return tau * rng.lognormal(0, 0.5, tau.shape)


def unknown_beginning():
    run = run_of()
    return extract(type(run)("alone", run.trained, None), longest=1.0)


TABLES = {
    "plain": lambda: extract_all([run_of(spread, seed=k) for k in range(3)], longest=1.0),
    "censored at both ends": lambda: extract(run_of(ends), longest=1.0),
    "0 and infinity without limits": lambda: extract(run_of(ends), limits=(0.0, np.inf)),
    "all censored": lambda: extract(run_of(), limits=(5.0, 6.0)),
    "all the same": lambda: extract(run_of(lambda key, tau, rng: np.full_like(tau, 20e-3)), longest=1.0),
    "one synapse": lambda: extract(run_of(), longest=1.0).rows(np.array([0])),
    "neurons": lambda: extract(run_of(model="HetNeuLIF", readout=False), longest=1.0),
    "beginning unknown": unknown_beginning,
}


def draw(name, table, ax):
    biology = TauTable(np.random.default_rng(0).lognormal(np.log(8e-3), 1.0, 200), "measured")
    before = table.with_tau(np.where(np.isnan(table.column("initial")), 20e-3, table.column("initial")), "before")
    bad = {"learned": Estimate(0.5, 0.4, 0.6), "one network": Estimate(0.7, np.nan, np.nan), "none": Estimate(np.nan, np.nan, np.nan)}
    arguments = {
        "plot_change": (before, table),
        "plot_distances": (bad,),
        "plot_distributions": ({"learned": table, "measured": biology},),
        "plot_quantiles": ({"learned": table}, biology),
        "plot_survival": ({"learned": table, "measured": biology},),
    }
    return getattr(plots, name)(*arguments.get(name, (table,)), ax)


@pytest.mark.parametrize("name", plots.__all__)
@pytest.mark.parametrize("kind", TABLES)
def test_only_finite_numbers_are_drawn(name, kind):
    figure = Figure(layout="constrained")
    ax = figure.subplots()
    table = TABLES[kind]()
    assert draw(name, table, ax) is ax
    made = draw(name, table, None)
    assert made is not ax
    plt.close(made.figure)

    figure.draw_without_rendering()
    for line in ax.lines:
        assert np.isfinite(np.asarray(line.get_xydata(), dtype=float)).all()
    for patch in ax.patches:
        assert np.isfinite(patch.get_path().vertices).all()
    for mesh in ax.collections:
        assert np.isfinite(np.ma.compressed(np.ma.asarray(mesh.get_array()))).all()
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()
    assert ax.get_title(loc="left")


def test_before_and_after_counts_what_changed():
    table = extract(run_of(lambda key, tau, rng: 2.0 * tau), longest=10.0)
    ax = Figure().subplots()
    assert plot_change(initial_values(table), table, ax).get_title(loc="left") == "100 % longer, 0 % shorter"


def test_quantiles_beyond_a_limit_are_left_out():
    table = TauTable(np.geomspace(1e-3, 1.0, 100), "learned", 10e-3, 0.1)
    ax = plots.plot_quantiles({"learned": table}, TauTable(np.geomspace(1e-3, 1.0, 100), "measured"), Figure().subplots())
    x, y = ax.lines[0].get_xydata().T
    assert x.min() > 10.0
    assert y.max() < 100.0
    assert x == pytest.approx(y)

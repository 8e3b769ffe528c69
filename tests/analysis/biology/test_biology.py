"""What ships, against numbers that were computed elsewhere; and the database that may not ship, in miniature."""

import sqlite3

import numpy as np
import pytest
from scipy import stats

from analysis.biology.biology import allen_medians, allen_synphys, hippocampome, reference_summary
from analysis.biology.fits import fit_families
from hetsyn_sim.errors import DataError, UnknownNameError

VC, CC = {"clamp": "voltage"}, {"clamp": "current"}
#: Facts, n, median, quartiles (ms), SD of log tau, and AIC of log-normal, gamma and inverse Gaussian above the best, as first computed with
#: SciPy's uncensored fits when the data were put together; with half of the last digit that was kept.
PUBLISHED = [
    ({}, 2478, 7.00, (3.03, 13.3), 1.17, (0, 586, 186)),
    ({"pre": "E", **VC}, 583, 6.65, (3.24, 10.6), 1.04, (0, 277, 65)),
    ({"pre": "I", **VC}, 865, 11.3, (6.69, 20.7), 0.91, (0, 124, 64)),
    ({"pre": "E", **CC}, 629, 2.77, (1.17, 6.59), 1.20, (22.6, 364, 0)),
    ({"pre": "I", **CC}, 314, 6.62, (3.25, 13.2), 1.09, (0, 57, 2.6)),
    ({"pre": "E", "post": "E", **VC}, 204, 10.6, None, 0.81, (0, 105, 19)),
    ({"pre": "E", "post": "I", **VC}, 360, 4.65, None, 1.03, (0, 231, 40)),
    ({"pre": "I", "post": "E", **VC}, 562, 12.9, None, 0.84, (0, 86, 46)),
    ({"pre": "I", "post": "I", **VC}, 247, 7.40, None, 0.89, (0, 0.6, 9.5)),
]


@pytest.mark.parametrize(
    ("facts", "n", "median", "quartiles", "spread", "aic"), PUBLISHED, ids=lambda v: str(v) if isinstance(v, dict) else ""
)
def test_the_statistics_of_the_hippocampome_are_found(facts, n, median, quartiles, spread, aic):
    table = hippocampome().where(**facts) if facts else hippocampome()
    assert len(table) == n
    assert 1e3 * np.median(table.tau) == pytest.approx(median, abs=0.05 if median > 10 else 0.0055)
    if quartiles is not None:
        assert 1e3 * np.quantile(table.tau, [0.25, 0.75]) == pytest.approx(quartiles, abs=0.055)
    assert np.log(table.tau).std(ddof=1) == pytest.approx(spread, abs=0.0055)
    fits = fit_families(table)
    for family, published in zip(("lognormal", "gamma", "inverse_gaussian"), aic, strict=True):
        found = next(fit.aic for fit in fits if fit.family == family) - fits[0].aic
        assert found == pytest.approx(published, abs=0.55 if isinstance(published, int) else 0.055), family


def test_the_shipped_summary_is_that_of_the_shipped_records():
    clamps = {"voltage-clamp": VC, "current-clamp": CC, "all": {}}
    checked = 0
    for group, row in reference_summary().items():
        classes, _, rest = group.partition(" ")
        if classes == "all" or rest not in clamps:
            continue
        pre, _, post = classes.partition("->")
        table = hippocampome().where(pre=pre, **({"post": post} if post else {}), **clamps[rest])
        assert row["n"] == len(table), group
        assert row["log_mean"] == pytest.approx(np.log(1e3 * table.tau).mean(), abs=6e-4)
        assert row["q50"] == pytest.approx(1e3 * np.median(table.tau), rel=2e-3)
        aic = {fit.family: fit.aic for fit in fit_families(table)}
        assert row["dAIC_weibull"] == pytest.approx(aic["weibull"] - min(aic.values()), abs=0.06)
        assert row["dAIC_expon"] == pytest.approx(aic["exponential"] - min(aic.values()), abs=0.06)
        checked += 1
    assert checked == 10


def test_the_robust_facts_hold():
    """Inhibitory slower than excitatory, onto excitatory slower than onto inhibitory, larger conductances shorter."""
    e, i = (hippocampome().where(pre=pre, **VC).tau for pre in "EI")
    assert np.median(i) / np.median(e) == pytest.approx(1.70, abs=0.01)
    assert stats.ks_2samp(e, i).statistic == pytest.approx(0.29, abs=0.006)
    assert np.mean(np.sign(i[:, None] - e[None, :])) == pytest.approx(0.37, abs=0.006)  # Cliff's delta
    every = hippocampome()
    assert stats.spearmanr(every.column("g_nS"), every.tau).statistic == pytest.approx(-0.31, abs=0.006)
    medians = allen_medians()
    assert medians["pyr", "pyr"] == (pytest.approx(3.95e-3, abs=6e-6), 247)
    assert medians["pyr", "pvalb"][0] == pytest.approx(1.47e-3, abs=6e-6)
    assert sum(n for _, n in medians.values()) == 1034


SCHEMA = """
CREATE TABLE slice (id INTEGER, species TEXT);
CREATE TABLE experiment (id INTEGER, slice_id INTEGER);
CREATE TABLE cell (id INTEGER, cell_class TEXT, cre_type TEXT);
CREATE TABLE pair (id INTEGER, experiment_id INTEGER, pre_cell_id INTEGER, post_cell_id INTEGER);
CREATE TABLE synapse (id INTEGER, pair_id INTEGER, synapse_type TEXT, psc_rise_time REAL, psc_decay_tau REAL, psp_rise_time REAL,
                      psp_decay_tau REAL, psp_amplitude REAL);
INSERT INTO slice VALUES (1, 'mouse'), (2, 'human');
INSERT INTO experiment VALUES (1, 1), (2, 2);
INSERT INTO cell VALUES (1, 'ex', 'unknown'), (2, 'in', 'pvalb');
INSERT INTO pair VALUES (1, 1, 1, 2), (2, 1, 2, 1), (3, 2, 1, 1);
INSERT INTO synapse VALUES (1, 1, 'ex', 0.001, 0.0015, 0.002, 0.020, 0.0004), (2, 2, 'in', 0.001, 0.006, 0.002, 0.005, -0.0003),
                           (3, 3, 'ex', NULL, NULL, 0.004, 0.5, 0.0006);
"""


def database(folder, script=SCHEMA):
    path = folder / "synphys_small.sqlite"
    with sqlite3.connect(path) as made:
        made.executescript(script)
    made.close()
    return path


def test_the_synaptic_physiology_database_is_read_in_seconds_with_its_fit_bounds_as_limits(tmp_path):
    path = database(tmp_path)
    currents = allen_synphys(path)
    assert currents.tau.tolist() == [0.0015, 0.006]
    assert currents.column("pre").tolist() == ["ex", "in"]
    assert currents.column("post_cre").tolist() == ["pvalb", "unknown"]
    assert currents.column("species").tolist() == ["mouse", "mouse"]
    potentials = allen_synphys(path, "psp_decay")
    assert (potentials.low, potentials.high) == (5e-3, 0.5)
    assert potentials.is_low.tolist() == [False, True, False]
    assert potentials.is_high.tolist() == [False, False, True]


def test_a_database_that_is_another_or_broken_is_refused_with_what_to_do(tmp_path):
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"SQLite format 3\x00" + bytes(200))
    truncated = tmp_path / "truncated.sqlite"
    truncated.write_bytes(database(tmp_path).read_bytes()[:5000])
    text = tmp_path / "text.sqlite"
    text.write_text("tau_ms\n3\n")
    other = database(tmp_path / "x" if (tmp_path / "x").mkdir() is None else tmp_path, "CREATE TABLE synapse (id INTEGER);")
    for path in (broken, truncated, text, other, tmp_path / "none.sqlite", tmp_path):
        with pytest.raises(DataError, match="not the Allen Synaptic Physiology database") as caught:
            allen_synphys(path)
        assert str(path) in caught.value.where
        assert "fetch the file again" in caught.value.remedy
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="none with psc_decay"):
        allen_synphys(database(empty, SCHEMA + "UPDATE synapse SET psc_decay_tau = NULL;"))
    with pytest.raises(UnknownNameError, match="unknown quantity"):
        allen_synphys(broken, "psc_rise")

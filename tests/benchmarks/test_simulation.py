"""Forms side by side at a toy size: the same spikes, ratios over one row, tables that depend on their file alone."""

import json

import pytest

from benchmarks import simulation
from benchmarks.simulation import COLUMNS, Row, exponent_of, network_of, raster_of, side_by_side


def test_the_network_is_the_one_that_is_asked_for():
    spec = network_of()
    assert [p.size for p in spec.populations] == [128, 64, 20]
    assert sum(q.n_pre * q.n_post for q in spec.projections) == 119_552
    assert sum(q.n_pre * q.n_post for q in network_of(0.25).projections) == pytest.approx(119_552 / 4, rel=0.01)


def test_every_form_gives_the_spikes_of_the_fused_kernels():
    spec = network_of(0.01)
    rows = side_by_side(["numpy"], 2, spec, raster_of(spec, 40, 3))
    assert [(row.form, row.device) for row in rows] == [("fused kernels", "torch"), ("ode", "numpy"), ("fast", "numpy")]
    assert len({row.spikes for row in rows}) == 1
    assert rows[0].spikes > 20
    assert rows[0].ratio_to_fused == 1.0
    assert rows[2].ratio_to_fused == pytest.approx(rows[2].ms_per_step / rows[0].ms_per_step)


def test_the_file_has_what_is_asked_for(tmp_path, capsys):
    path = tmp_path / "rows.json"
    assert simulation.main(["--json", str(path), "--devices", "numpy", "--rounds", "1", "--recordings", "1", "--no-growth"]) == 0
    rows = json.loads(path.read_text())
    assert all(set(COLUMNS) <= set(row) for row in rows)
    assert len(rows) == 3
    assert "119,552" in capsys.readouterr().out
    assert simulation.main(["--devices", "abacus", "--no-growth"]) == 2
    assert "unknown device" in capsys.readouterr().err


def grown(sweep, at):
    """Rows whose time grows in proportion."""
    facts = {"synapses": 100, "steps": 10, "recordings": 2}
    found = []
    for x in at:
        ms = x / 1e3 if sweep == "synapses" else 0.1
        found.append(Row("fast", "cpp_standalone", **(facts | {sweep: x}), ms_per_step=ms, compile_s=1.0, spikes=5, sweep=sweep))
    return found


@pytest.mark.parametrize("sweep", ["synapses", "steps", "recordings"])
def test_what_grows_in_proportion_has_exponent_1(sweep):
    assert exponent_of(grown(sweep, (100, 200, 400, 800)), sweep).value == pytest.approx(1.0)

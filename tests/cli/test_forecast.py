"""``hetsyn forecast`` on a study that costs nothing."""

import json
from dataclasses import replace

import pytest

from analysis.studies import forecasting


@pytest.fixture
def study(monkeypatch):
    def run(case, seed, source):
        return {"mse": 0.1 + 0.01 * seed, "nrmse": 0.3, "rate": 0.01, "duty": 0.1, "parameters": 9}

    for name in ("FORECAST", "TUNING"):
        monkeypatch.setattr(forecasting, name, replace(getattr(forecasting, name), run=run))


def test_forecast_prints_the_table_and_keeps_rows_table_and_figure(hetsyn, study, tmp_path):
    result = hetsyn("forecast", "--seeds", 2, "--out", tmp_path / "out", "--json", tmp_path / "rows.json")
    assert "| LIF | 2 | 0.1050 ± 0.0635 | 0.0000 ± 0.0000 |" in result.stdout
    assert (tmp_path / "out" / "forecast.md").read_text().strip() in result.stdout
    assert (tmp_path / "out" / "forecast.png").stat().st_size > 1000
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert rows == json.loads((tmp_path / "out" / "forecast.json").read_text())["rows"]
    assert len(rows) == 2 * len(forecasting.FORECAST.cases)


def test_tuning_compares_learning_rates(hetsyn, study, tmp_path):
    result = hetsyn("forecast", "--tune", "--seeds", 1, "--out", tmp_path)
    assert "| MTC | **0.1000** | 0.1000 | 0.1000 |" in result.stdout
    assert not list(tmp_path.glob("*.png"))

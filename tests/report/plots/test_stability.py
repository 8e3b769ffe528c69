"""The figures of AdLIF's stability show what the formulas say; the formulas are tested in tests/models/test_adlif.py."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from hetsyn_sim.report.plots.stability import ADLIF_FORMS, largest_coupling, plot_frequency, plot_stability


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_a_curve_passes_1_where_the_form_becomes_unstable():
    ax = plot_stability(5.0, 60.0)
    curves = {line.get_label(): np.asarray(line.get_data(), dtype=float) for line in ax.get_lines()}
    for form in ("euler", "symplectic"):
        coupling, kept = curves[ADLIF_FORMS[form][0]]
        first = coupling[np.argmax(kept > 1.0)]
        assert first == pytest.approx(largest_coupling(form, 5.0, 60.0), rel=0.01)
    assert curves["exact"][1].max() < 1.0


def test_frequencies_agree_where_a_step_is_short():
    ax = plot_frequency(25.0, 300.0, 0.1)
    found = [np.interp(60.0, *line.get_data()) for line in ax.get_lines()]
    expected = np.sqrt(61.0 / (25.0 * 300.0) - (1 / 25 + 1 / 300) ** 2 / 4) / (2 * np.pi) * 1e3
    np.testing.assert_allclose(found, expected, rtol=0.01)

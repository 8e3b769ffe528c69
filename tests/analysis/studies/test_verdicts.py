"""Verdicts from comparisons: p-values, their correction for how many there are, and what they make of a claim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.studies.claims import Claim, Judgement, claim_lines, compared
from analysis.studies.statistics import above_zero, holm, p_value

SHARES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12)


@given(SHARES, st.floats(1e-3, 0.5))
def test_adjusted_below_a_level_are_those_that_the_step_down_procedure_rejects(p, level):
    """Holm 1979: from the smallest on, compare with level/m, level/(m - 1), ..., and stop at the first that is larger."""
    rejected = set()
    for k, index in enumerate(np.argsort(p, kind="stable")):
        if p[index] * (len(p) - k) > level:
            break
        rejected.add(int(index))
    assert {k for k, adjusted in enumerate(holm(p)) if adjusted <= level} == rejected


def test_known_adjusted_p_values_and_none():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


@given(st.lists(st.floats(-9.0, 9.0), min_size=2, max_size=8))
def test_p_says_what_the_interval_says(differences):
    """By the formula of the t statistic, and on the side of :func:`above_zero`."""
    numbers, p = np.array(differences), p_value(differences)
    if np.ptp(numbers) > 1e-3:
        t = numbers.mean() / (numbers.std(ddof=1) / np.sqrt(numbers.size))
        assert p == pytest.approx(2.0 * stats.t.sf(abs(t), numbers.size - 1), rel=1e-9, abs=1e-12)
        assert above_zero(differences) == (p < 0.05 and t > 0.0) or abs(p - 0.05) < 1e-9


def test_p_where_there_is_no_spread():
    assert p_value([0.3]) == p_value([0.0, 0.0, 0.0]) == 1.0
    assert p_value([0.3, 0.3]) == 0.0


CLEAR, OPEN = [1.0, 1.1, 0.9], [1.0, -1.0, 0.1]


@pytest.mark.parametrize(
    ("gaps", "others_hold", "verdict"),
    [
        ([CLEAR, CLEAR], True, "reproduced"),
        ([CLEAR, CLEAR], False, "partly"),
        ([CLEAR, OPEN], True, "partly"),
        ([OPEN, OPEN], True, "undecided"),
        ([OPEN, [-d for d in CLEAR]], True, "not"),
        ([[0.5], [0.7]], True, "undecided"),  # one seed decides nothing
    ],
)
def test_comparisons_make_a_verdict(gaps, others_hold, verdict):
    said = compared(gaps, "numbers", others_hold=others_hold)
    assert said.verdict == verdict
    assert (said.p is not None) == (verdict == "reproduced")
    if said.p is not None:
        assert said.p == max(map(p_value, gaps))


def verdicts_of(*p):
    claims = [Claim("here", f"claim {k}", "s", "", lambda rows, q=q: Judgement("reproduced", "numbers", q)) for k, q in enumerate(p)]
    lines = list(claim_lines(claims, {"s": [{}]}))[2:]
    return [line.split("|")[4].strip(" *") for line in lines], lines


def test_claims_are_corrected_for_their_number_and_only_those_that_rest_on_comparisons():
    assert verdicts_of(0.03)[0] == ["reproduced"]
    assert verdicts_of(0.03, 0.04)[0] == ["undecided", "undecided"]  # 0.03 * 2 > 0.05, and none after it
    found, lines = verdicts_of(0.03, 0.001, None)
    assert found == ["reproduced"] * 3
    assert "p = 0.03 of" in lines[0]
    assert "p = 0.002 of" in lines[1]
    assert "p =" not in lines[2]

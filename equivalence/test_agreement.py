"""Every simulator runs every network as the reference does: spike for spike, and v within the rounding bound."""

import pytest
from hypothesis import given

from equivalence.comparing import fewer_examples, hold
from equivalence.simulators import names
from equivalence.strategies import Case, networks


@pytest.mark.parametrize("simulator", names(slow=False, reference=False))
@given(case=networks())
def test_a_fast_simulator_agrees_with_the_reference(simulator: str, case: Case):
    hold(case, simulator)


@pytest.mark.parametrize("simulator", names(slow=True))
@fewer_examples(0.15)
@given(case=networks())
def test_a_slow_simulator_agrees_with_the_reference(simulator: str, case: Case):
    hold(case, simulator)

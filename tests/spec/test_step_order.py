"""The six orders of a step are valid, everything else is not, and each says what decays in the step in which it jumps."""

from itertools import permutations

import pytest

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import DEFAULT_STEP_ORDER, StepOrder

TAIL = ("feedforward", "threshold")


def test_the_default_decays_first():
    assert DEFAULT_STEP_ORDER.phases == ("decay", "reset", "recurrent", *TAIL)
    assert StepOrder() == DEFAULT_STEP_ORDER


@pytest.mark.parametrize("first", permutations(("decay", "reset", "recurrent")))
def test_what_jumps_before_decay_decays_in_the_same_step(first):
    order = StepOrder([*first, *TAIL])
    assert order.phases == (*first, *TAIL)
    for phase in ("reset", "recurrent"):
        assert order.decays_in_same_step(phase) == (first.index(phase) < first.index("decay"))


@pytest.mark.parametrize(
    "phases",
    [
        (),
        ("decay", "reset", "recurrent", "threshold", "feedforward"),
        ("decay", "reset", "feedforward", "recurrent", "threshold"),
        ("decay", "reset", *TAIL),
        ("decay", "decay", "recurrent", *TAIL),
        ("decay", "reset", "recurrent", "noise", *TAIL),
    ],
)
def test_any_other_order_is_refused(phases):
    with pytest.raises(SpecError, match="not an order of one step") as excinfo:
        StepOrder(phases)
    assert excinfo.value.where == "step_order"
    assert excinfo.value.got == (", ".join(phases) or "nothing")
    assert "then feedforward, threshold" in excinfo.value.expected
    assert "each phase once" in excinfo.value.remedy

"""What runs in plain torch although there are kernels says so, once and by name."""

import warnings

import pytest
import torch
from brian2 import ms

from hetsyn_sim.errors import BackendWarning
from hetsyn_sim.kernels import stepping, use_backend
from hetsyn_sim.kernels.library import has_library
from hetsyn_sim.kernels.slow import REASONS, say_slow
from hetsyn_sim.models import AdEx, HetSynLIF, TsodyksMarkramLIF
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.network import Network

OWN = TsodyksMarkramLIF.with_parameters(U={"axes": "post pre"})
CASES = {
    "recurrent delays": (AdEx.with_delay(2 * ms, axes="layer"), True),
    "recurrent synapses": (TsodyksMarkramLIF, True),
    "states of synapses": (OWN, False),
}
needs_kernels = pytest.mark.skipif(not has_library(), reason="the kernels were not built")


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    """As before the first run; neurons are stepped without the compiler, which is not looked for."""
    monkeypatch.setattr(stepping, "find_compiler", lambda: None)
    monkeypatch.setattr(stepping, "_say_that_there_is_no_compiler", lambda: None)
    say_slow.cache_clear()
    yield
    say_slow.cache_clear()


def run(model, recurrent):
    network = Network(NetworkSpec("1 ms", 3, [Layer(model, 2, recurrent)]), seed=0)
    network(torch.ones(4, 1, 3))


def warned(model, recurrent):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(model, recurrent)
    return [str(one.message) for one in caught if issubclass(one.category, BackendWarning)]


@needs_kernels
@pytest.mark.parametrize("reason", CASES)
def test_it_is_said_once_with_the_models_name_the_cost_and_a_remedy(reason):
    model, recurrent = CASES[reason]
    what, remedy = REASONS[reason]
    assert f"{model.name}: {what}. {remedy}" in warned(model, recurrent)
    assert warned(model, recurrent) == []


@pytest.mark.parametrize("reason", CASES)
def test_who_asks_for_plain_torch_is_not_told_of_it(reason):
    with use_backend("plain"):
        assert warned(*CASES[reason]) == []


def test_what_is_compiled_says_nothing():
    assert warned(HetSynLIF.with_delay(2 * ms), True) == []
    assert warned(TsodyksMarkramLIF, False) == []

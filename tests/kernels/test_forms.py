"""The choice between the exact filter and shared decays: by costs, which are measured once and kept."""

import json
import os

import pytest
import torch

from hetsyn_sim.kernels import choose_form, chooses_form, costs, forms, use_backend
from hetsyn_sim.kernels.costs import Costs
from hetsyn_sim.kernels.forms import Form
from hetsyn_sim.kernels.library import library

needs_library = pytest.mark.skipif(library() is None, reason="the compiled kernels were not built")


def events(rate, n_steps=250, n_pre=400):
    return (torch.rand(n_steps, 2, n_pre, generator=torch.Generator().manual_seed(0)) < rate).float()


def decays(shortest, longest, n_pre=400):
    tau = torch.empty(16, n_pre, dtype=torch.float64).uniform_(generator=torch.Generator().manual_seed(0))
    return torch.exp(-1 / (shortest * (longest / shortest) ** tau)).float()


@pytest.mark.parametrize(
    ("x", "rho", "shared"),
    [
        (events(0.01), decays(5, 20), True),
        (events(0.5), decays(5, 20), False),  # busy
        (events(0.01, n_pre=4), decays(5, 20, 4), False),  # few channels
        (events(0.01, n_steps=10), decays(5, 20), False),  # few steps
        (events(0.01, n_steps=2000), decays(1e-4, 1e9), False),  # more nodes than there may be
    ],
)
def test_what_costs_less_is_chosen(x, rho, shared):
    assert choose_form("feedforward", x, rho) == Form(shared, len(x))


@pytest.mark.parametrize("shared", [True, False])
def test_the_choice_follows_the_costs_of_the_machine(monkeypatch, shared):
    cheap = {"synapse": 1e-12, "step": 1e-12, "event": 1e-12} if shared else {"synapse": 1e-6, "step": 1e-6, "event": 1e-6}
    monkeypatch.setattr(forms, "costs", lambda kind: Costs(exact=1e-9, **cheap))
    assert choose_form("recurrent", events(0.05), decays(5, 20)).shared == shared


def test_what_is_counted():
    of = Costs(exact=2.0, synapse=3.0, step=5.0, event=7.0)
    assert of.of_exact((4, 10), 6) == 2.0 * 4 * 10 * 6
    assert of.of_shared((4, 10), 6, 0.1, 11) == pytest.approx(11 * 4 * (10 * 3.0 + 6 * (5.0 + 7.0 * 0.1 * 10)))


def test_what_is_written_down_says_it_all():
    rho = decays(5, 20)
    form = choose_form("feedforward", events(0.01), rho)
    plain = form.described(rho)
    assert plain == {"form": "shared decays", "steps": 250, "tolerance": form.tolerance(400, 250), "nodes": 10, "nodes_backward": 13}
    assert Form.of(json.loads(json.dumps(plain))) == form
    assert form.tolerance(400, 500) > form.tolerance(400, 250)  # that of the steps at hand
    assert form.tolerance(400, 15) is None
    assert Form(False, 30).described(rho) == {"form": "exact", "steps": 30}
    assert Form(False, 30).tolerance(400, 250) is None


@needs_library
def test_there_is_a_choice_in_float32_alone_and_where_no_back_end_is_named():
    w = torch.zeros(3, 4)
    assert chooses_form(w, w)
    assert not chooses_form(w.double(), w.double())
    for name in ("fused", "plain", "expansion"):
        with use_backend(name):
            assert not chooses_form(w, w)


@needs_library
@pytest.mark.parametrize("kind", ["feedforward", "recurrent"])
def test_costs_are_measured(kind):
    measured = costs._measured(kind, library())
    assert 0 < measured.exact < 1e-6  # whatever the machine: a tick of the clock for 500 synapse steps would be more
    assert 0 < measured.synapse < 1e-4
    assert min(measured.step, measured.event) >= 0


@needs_library
def test_costs_are_measured_once_and_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("HETSYN_CACHE", str(tmp_path / "cache"))
    made = iter([Costs(1.0, 2.0, 3.0, 4.0), Costs(5.0, 6.0, 7.0, 8.0), Costs(9.0, 9.0, 9.0, 9.0)])
    monkeypatch.setattr(costs, "_measured", lambda kind, found: next(made))
    ask = costs.costs.__wrapped__  # as another process would
    assert ask("feedforward") == ask("feedforward") == Costs(1.0, 2.0, 3.0, 4.0)
    (kept,) = (tmp_path / "cache" / "costs").iterdir()
    kept.write_text('{"exact": -1}')
    assert ask("feedforward") == ask("feedforward") == Costs(5.0, 6.0, 7.0, 8.0)
    os.chmod(kept, 0o666)  # anybody's
    assert ask("feedforward") == Costs(9.0, 9.0, 9.0, 9.0)

"""The rules about noise in the equations: those of Brian2, each refusal by name with what to do."""

from dataclasses import replace

import pytest

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import NeuronModel, Parameter
from tests.refusal import refused

MODEL = NeuronModel(
    name="M",
    synapse="dI/dt = -I/tau_s : 1",
    on_pre="I += w",
    neuron="dv/dt = (I_syn - v)/tau + sigma*sqrt(2/tau)*xi : 1\ndu/dt = (v - u)/tau : 1",
    threshold="v > theta",
    reset="v = 0",
    scheme="euler",
    parameters={
        "w": Parameter(axes="post pre"),
        "sigma": Parameter(axes="layer", initial=0.1),
        "theta": Parameter(axes="layer", initial=1.0),
        "tau": Parameter(axes="layer", unit="ms", initial="10 ms"),
        "tau_s": Parameter(axes="layer", unit="ms", initial="5 ms"),
    },
)
U = "\ndu/dt = (v - u)/tau : 1"


def test_noise_is_a_name_with_a_unit():
    assert MODEL.noise == ("xi",)
    assert NeuronModel.from_text(MODEL.to_text()) == MODEL
    two = replace(
        MODEL, neuron="dv/dt = (I_syn - v)/tau + sigma*tau**-0.5*(xi_b + xi_a) : 1\ndu/dt = (v - u)/tau + sigma*tau**-0.5*xi_b : 1"
    )
    assert two.noise == ("xi_a", "xi_b")
    with refused(SpecError, "units do not fit together", "M: neuron: dv/dt"):
        replace(MODEL, neuron="dv/dt = (I_syn - v)/tau + sigma*xi : 1" + U)


@pytest.mark.parametrize("scheme", ["heun", "milstein"])
def test_schemes_for_noise_of_any_size(scheme):
    assert replace(MODEL, scheme=scheme, neuron="dv/dt = (I_syn - v)/tau + sigma*v*u*sqrt(2/tau)*xi : 1" + U).noise == ("xi",)


REFUSED = {
    "in v": ({"neuron": "dw_a/dt = -w_a/tau : 1\nv = w_a + I_syn + sigma*tau**0.5*xi : 1"}, "Brian2 can't read", "xi"),
    "in a threshold": ({"threshold": "v > theta + tau**0.5*xi"}, "outside of a neuron's differential", "state of its own"),
    "in a reset": ({"reset": "v = sigma*tau**0.5*xi"}, "outside of a neuron's differential", "state of its own"),
    "at a synapse": ({"synapse": "dI/dt = -I/tau_s + tau_s**-0.5*xi : 1"}, "outside of a neuron's differential", "state of its own"),
    "in two equations": ({"neuron": MODEL.neuron.replace(U, "\ndu/dt = -u/tau + sigma*tau**-0.5*xi : 1")}, "Brian2 can't read", "xi"),
    "exact": ({"scheme": "exact"}, "no step in this scheme", 'scheme="euler"'),
    "rk4": ({"scheme": "rk4"}, "no step in this scheme", 'scheme="euler"'),
    "squared": ({"neuron": "dv/dt = (I_syn - v)/tau + sigma*xi**2 : 1" + U}, "noise that does not add", "enter as a sum"),
    "of a state's size": (
        {"neuron": "size = 1 + u : 1\ndv/dt = (I_syn - v)/tau + sigma*size*tau**-0.5*xi : 1" + U},
        "depends on a state", 'scheme="heun"',
    ),
    "shared by Milstein": (
        {"scheme": "milstein", "neuron": "dv/dt = (I_syn - v)/tau + sigma*tau**-0.5*(xi_1 + xi_2) : 1" + U}, "that equations share", "heun",
    ),
    "none": ({"scheme": "heun", "neuron": "dv/dt = (I_syn - v + sigma)/tau : 1" + U}, "a scheme for noise, and no noise", "euler"),
    "a parameter": ({"parameters": {**MODEL.parameters, "xi_1": Parameter(axes="layer")}}, "reserved or used twice", "rename"),
    "drawn": ({"reset": "v = randn()"}, "a number drawn at random", "write noise as xi"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_step_is_refused(case):
    changes, what, remedy = REFUSED[case]
    with refused(SpecError, f"(?s){what}.*{remedy}"):
        replace(MODEL, **changes)

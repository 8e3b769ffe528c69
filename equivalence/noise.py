"""Neurons with noise: every neuron of the registry, with white noise ``xi`` on what spikes come from, and one with noise of any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hetsyn_sim.models import HetSynLIF
from hetsyn_sim.spec import UNBOUNDED, NeuronModel, Parameter, PoissonDrive, Uniform
from hetsyn_sim.spec.grammar.lines import split_lines
from hetsyn_sim.spec.quantities import unit_of_dimensions

from .any_model import case_of, gain_of, to_be_held
from .strategies import Case

#: The state that noise goes to: the first of these that the neuron has.
_MOVED = ("v", "u", "R")
#: Its z_old is the spike of the step before, and decays within a step: Euler's method makes no decay of that.
_NOT_BY_EULER = {"EulerAdLIF"}
#: Gates of Hodgkin and Huxley take smaller steps by Euler's method than by the exponential one.
_DT = {"NoisyHodgkinHuxley": 1e-5}

_SIZE = Parameter(axes="post", initial=0.1, bounds=(0.0, 2.0), trainable=True)
_SIZE_IN_VOLTS = Parameter(axes="post", unit="mV", initial="1 mV", bounds=("0 mV", "10 mV"), trainable=True)
_TIME = Parameter(axes="layer", unit="ms", initial="10 ms")


def noisy(model: NeuronModel) -> NeuronModel:
    """The model with additive noise, by Euler's method: the stationary deviation of a leaky state of 10 ms would be ``sigma_xi``."""
    size = _SIZE_IN_VOLTS if in_volts(model) else _SIZE
    driven = with_term(model, "sigma_xi*sqrt(2/tau_xi)*xi", {"sigma_xi": size, "tau_xi": _TIME}, scheme="euler")
    return replace(driven, name=f"Noisy{model.name}")


def in_volts(model: NeuronModel) -> bool:
    """Whether the state that a term is added to is in volts."""
    return unit_of_dimensions(model.dimensions()[_moved(model)]) == "volt"


def with_term(model: NeuronModel, term: str, parameters: Mapping[str, Parameter], **changes: Any) -> NeuronModel:
    """The model with a term more in the equation of the state that its spikes come from."""
    moved = _moved(model)
    lines = [
        line._replace(expression=f"{line.expression} + {term}") if (line.kind, line.name) == ("state", moved) else line
        for line in split_lines(model.neuron)
    ]
    return replace(model, neuron="\n".join(map(str, lines)), parameters={**model.parameters, **parameters}, **changes)


def _moved(model: NeuronModel) -> str:
    return next(name for name in _MOVED if name in model.neuron_equations.states)


#: HetSynLIF and all neurons of the registry that Euler's method takes.
TO_BE_NOISY = {name: model for name, model in {HetSynLIF.name: HetSynLIF, **to_be_held()}.items() if name not in _NOT_BY_EULER}


def noisy_case(model: NeuronModel, *, seed: int = 3, n_steps: int = 150, factor: float = 1.5) -> Case:
    """A recurrent layer of the model with noise, driven as the model without is, and a readout."""
    other = noisy(model)
    gain = 0.1 if model.name == HetSynLIF.name else gain_of(model)
    case = case_of(other, seed=seed, gain=factor * gain, n_steps=n_steps, recurrent=True, readout=True)
    return replace(case, spec=replace(case.spec, dt=_DT.get(other.name, case.spec.dt_s)))


def with_events(model: NeuronModel, *, seed: int = 3, n_steps: int = 200) -> Case:
    """A recurrent layer of the model with sources at random, a few events of which make it spike, and a readout."""
    low, high, unit = ("2 mV", "4 mV", "mV") if in_volts(model) else (0.1, 0.2, "1")
    weight = Parameter(axes="post", unit=unit, initial=Uniform(low, high), bounds=UNBOUNDED, trainable=True)
    driven = replace(
        model,
        name=f"Driven{model.name}",
        parameters={**model.parameters, "w_events": weight},
        poisson=(PoissonDrive(_moved(model), "w_events", 30, "100 Hz" if model.scheme == "exact" else "300 Hz"),),
    )
    return case_of(driven, seed=seed, gain=0.5 * gain_of(model), n_steps=n_steps, recurrent=True, readout=True)


def of_any_size(scheme: str) -> NeuronModel:
    """Two states whose noise depends on them, and stands still while the neuron is refractory; by Heun's method they share a noise."""
    shared = " + 0.1*u*sqrt(2/tau)*xi_2" if scheme == "heun" else ""
    return NeuronModel(
        name="OfAnySize",
        synapse="dI/dt = -I/tau_s : 1",
        on_pre="I += w",
        neuron=f"""dv/dt = (I_syn - v)/tau + sigma_xi*(1 + v*u)*sqrt(2/tau)*xi{shared} : 1 (unless refractory)
                   du/dt = (v - u)/tau + sigma_xi*u*v*sqrt(2/tau)*xi_2 : 1""",
        threshold="v > theta",
        reset="v = 0",
        refractory="3*dt",
        scheme=scheme,
        parameters={
            "w": Parameter(axes="post pre", initial="uniform(0.5, 1.5)", bounds=(-9, 9), trainable=True),
            "tau": _TIME,
            "tau_s": Parameter(axes="post pre", unit="ms", initial="uniform(2 ms, 8 ms)", bounds=("1 ms", "20 ms"), trainable=True),
            "sigma_xi": replace(_SIZE, initial=0.3),
            "theta": Parameter(axes="layer", initial=0.5),
        },
    )

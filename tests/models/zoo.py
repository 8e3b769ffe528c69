"""Networks and drives that fit any spiking model of the zoo, from what the model says about itself."""

from functools import lru_cache

import numpy as np

from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import ZOO
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec

N_IN, N_RUNS = 20, 3
#: Every input channel spikes at this rate (Hz).
RATE = 50.0


#: With their published weights these are silent until thresholds have come down.
LIVELY = {name: ZOO[name].with_parameters(w={"initial": FanInNormal(4.0)}) for name in ("STLLIF", "STLLIFSoft")}


def dt_of(model):
    """0.1 ms for a membrane in volts or an explicit scheme, else 1 ms."""
    return 1e-4 if not model.dimensions()["v"].is_dimensionless or model.scheme in ("euler", "rk2", "rk4") else 1e-3


def network(name, size=6, recurrent=True, model=None):
    model = LIVELY.get(name, ZOO[name]) if model is None else model
    return NetworkSpec(dt_of(model), N_IN, [Layer(model, size, recurrent=recurrent)])


def poisson(spec, n_steps, seed=0, n_runs=N_RUNS):
    return np.random.default_rng(seed).random((n_steps, n_runs, N_IN)) < RATE * spec.dt_s


def states_of(name):
    model = ZOO[name]
    return tuple(dict.fromkeys(("v", *model.neuron_equations.states, *model.summed)))


@lru_cache
def example(name):
    """Spec, values, input and the reference's recording with every state."""
    spec = network(name)
    values = spec.initial_values(1)
    x = poisson(spec, 1200 if spec.dt_s < 1e-3 else 300)
    return spec, values, x, simulate_reference(spec, values, x, record=states_of(name))

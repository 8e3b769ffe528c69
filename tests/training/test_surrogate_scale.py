"""What counts as a distance of 1 for a surrogate where v has a unit: one number for a population, wherever its neurons begin."""

import numpy as np
import pytest
import torch

from hetsyn_sim.kernels import use_backend
from hetsyn_sim.spec import UNBOUNDED, Layer, NetworkSpec, NeuronModel, Parameter
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network

MODEL = NeuronModel(
    name="LIFInVolts",
    on_pre="I_post += w",
    neuron="dv/dt = (E_L - v + I)/tau : volt\ndI/dt = -I/tau_s : volt",
    threshold="v > V_th",
    reset="v = V_r",
    initial={"v": "v_0"},
    parameters={
        "w": Parameter("post pre", "mV", "uniform(0 mV, 12 mV)", trainable=True, bounds=UNBOUNDED),
        "tau": Parameter("layer", "ms", "10 ms"),
        "tau_s": Parameter("layer", "ms", "5 ms"),
        "E_L": Parameter("layer", "mV", "-70 mV"),
        "V_r": Parameter("layer", "mV", "-70 mV"),
        "V_th": Parameter("layer", "mV", "-50 mV"),
        "v_0": Parameter("post", "mV", "-70 mV"),
    },
)


def largest_gradient(starts):
    spec = NetworkSpec("1 ms", 10, [Layer(MODEL, 20)])
    values = spec.initial_values(0) | {"layer_1.neuron.v_0": starts}
    inputs = (torch.rand(200, 4, 10, generator=torch.Generator().manual_seed(0)) < 0.05).double()
    with default_dtype(torch.float64), use_backend("plain"):
        network = Network(spec, values=values)
        run = network.layers["layer_1"].run(inputs)
        run.z.mean().backward()
    assert run.z.sum() > 50
    return max(float(p.grad.abs().max()) for p in network.parameters())


@pytest.mark.parametrize("where", ["anywhere", "all just below the threshold"])
def test_gradients_do_not_depend_much_on_where_neurons_begin(where):
    """From rest to threshold there are 20 mV. A neuron whose own 0.02 mV counted as 1 would have one of 1e3 and, by steps, more."""
    part = np.random.default_rng(1).random(20) if where == "anywhere" else np.full(20, 0.999)
    from_rest = largest_gradient(np.full(20, -0.070))
    assert largest_gradient(-0.070 + 0.020 * part) < 3 * from_rest

"""The other route to values and gradients: every model written out as a loop over time, differentiated by autograd."""

from itertools import permutations

import torch

from hetsyn_sim.models import MODELS
from hetsyn_sim.spec import UNBOUNDED, FanInNormal, Layer, NetworkSpec, StepOrder
from hetsyn_sim.training.surrogates import MultiGaussian

DT, T, B, I, J, K = 4e-3, 25, 2, 6, 5, 3
F64 = torch.float64
SPIKING = [name for name, model in MODELS.items() if model.spiking]
READOUTS = [name for name, model in MODELS.items() if not model.spiking]
ORDERS = [(*first, "feedforward", "threshold") for first in permutations(("decay", "reset", "recurrent"))]
TIMES = ("tau_syn", "tau_mem", "tau_reset", "tau_adapt")
LOW, HIGH = 1e-3, 1.0


def all_trained(model):
    """The model with every parameter trainable, and weights that make it spike."""
    changes = {"w": {"initial": FanInNormal(2.5)}}
    for name in model.parameters:
        if name in TIMES:
            changes[name] = {"trainable": True, "bounds": (LOW, HIGH)}
        elif name != "w":
            changes[name] = {"trainable": True, "bounds": UNBOUNDED}
        if name == "a":
            changes[name]["initial"] = 0.3
    return model.with_parameters(**changes)


def network_of(model="HetSynLIF", readout="LeakyReadout", order=ORDERS[0], self_connections=True):
    layers = [
        Layer(all_trained(MODELS[model]), J, recurrent=True, self_connections=self_connections),
        Layer(all_trained(MODELS[model]), J),
    ]
    return NetworkSpec(DT, I, layers, Layer(all_trained(MODELS[readout]), K), StepOrder(order))


def spikes(n_steps=T, rate=0.4, seed=0):
    return (torch.rand(n_steps, B, I, generator=torch.Generator().manual_seed(seed), dtype=F64) < rate).to(F64)


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v, theta):
        ctx.save_for_backward(v, theta)
        return (v > theta).to(v.dtype)

    @staticmethod
    def backward(ctx, g):
        v, theta = ctx.saved_tensors
        through = g * MultiGaussian().derivative(v - theta, theta)
        return through, -through.sum()


class PlainPopulation:
    """Parameters p: w, w_rec, rho of every time constant (rho_rec for recurrent synapses), theta, a."""

    def __init__(self, p, n_pre, n_post, self_connections):
        self.p, self.z = p, torch.zeros(B, n_post)
        self.mask = torch.ones(n_post, n_post) if self_connections else 1 - torch.eye(n_post)
        self.current, self.current_rec = torch.zeros(B, n_post, n_pre), torch.zeros(B, n_post, n_post)
        self.membrane, self.reset, self.adaptation = (torch.zeros(B, n_post) for _ in range(3))

    def step(self, phase, x):
        p = self.p
        if phase == "decay":
            if "rho_syn" in p:
                self.current = self.current * p["rho_syn"]
                if "rho_syn_rec" in p:
                    self.current_rec = self.current_rec * p["rho_syn_rec"]
                self.reset = self.reset * p.get("rho_reset", 1.0)
            else:
                self.membrane = self.membrane * p["rho_mem"]
                self.adaptation = self.adaptation * p.get("rho_adapt", 1.0)
        elif phase == "reset" and "theta" in p:
            if "rho_syn" in p:
                self.reset = self.reset + p["theta"] * self.z
            else:
                self.membrane = self.membrane - p["theta"] * self.z
                if "a" in p:
                    self.adaptation = self.adaptation + p["a"] * p["a_factor"] * self.z
        elif phase == "recurrent" and "w_rec" in p:
            if "rho_syn" in p:
                self.current_rec = self.current_rec + p["w_rec"] * self.mask * self.z[:, None]
            else:
                self.membrane = self.membrane + self.z @ (p["w_rec"] * self.mask).T
        elif phase == "feedforward":
            if "rho_syn" in p:
                self.current = self.current + p["w"] * x[:, None]
            else:
                self.membrane = self.membrane + x @ p["w"].T
        elif phase == "threshold":
            v = self.current.sum(-1) + self.current_rec.sum(-1) - self.reset + self.membrane - self.adaptation
            self.z = Spike.apply(v, p["theta"]) if "theta" in p else v
            return self.z
        return None


def plain(spec, x, raw, time_constants):
    """Output of the network from its raw numbers: (time, batch, K)."""

    def decays(name):
        value = raw[name]
        if time_constants == "rho_clamped":
            return value
        return torch.exp(-DT / (LOW * (HIGH / LOW) ** torch.sigmoid(value)))

    populations = []
    for population in spec.populations:
        model, n, p = population.model, population.name, {}
        n_pre, recurrent = spec.projections_to(n)[0].n_pre, spec.projections_to(n)[1:]
        for name in model.parameters:
            own = f"{n}.feedforward.{name}" if name in model.parameters_of("synapse") else f"{n}.neuron.{name}"
            short = name.replace("tau", "rho")
            p[short] = decays(own) if name in TIMES else raw[own]
            if recurrent and name in model.parameters_of("synapse"):
                back = f"{n}.recurrent.{name}"
                p[f"{short}_rec"] = decays(back) if name in TIMES else raw[back]
        p["a_factor"] = 1 - p["rho_adapt"] if model.name == "HomNeuALIFNormalised" else 1.0
        populations.append(PlainPopulation(p, n_pre, population.size, all(q.self_connections for q in recurrent)))
    out = []
    for now in x:
        for phase in spec.step_order.phases[:3]:
            for population in populations:
                population.step(phase, now)
        for population in populations:
            population.step("feedforward", now)
            now = population.step("threshold", now)
        out.append(now)
    return torch.stack(out)


def raws(network):
    return {key: layer.raw(key) for layer in network._layers() for key in layer.slots}

"""Models, and what drives them, drawn at random: for comparing the generated kernels with plain torch."""

from dataclasses import dataclass, field, fields, replace

import numpy as np
import torch
from brian2 import ms

from hetsyn_sim.discrete import neuron_values
from hetsyn_sim.discrete.stepping import NEVER, stepped
from hetsyn_sim.kernels.scan import DecayPath
from hetsyn_sim.kernels.step_data import Carried, Drive, StepOptions
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, Parameter, StepOrder
from hetsyn_sim.training.surrogates import ArcTan, FastSigmoid, MultiGaussian, Slayer, Triangular

SURROGATES = (Triangular(), MultiGaussian(), ArcTan(), Slayer(), FastSigmoid())
ORDERS = tuple(
    StepOrder((*first, "feedforward", "threshold"))
    for first in (
        ("decay", "reset", "recurrent"),
        ("reset", "decay", "recurrent"),
        ("recurrent", "reset", "decay"),
        ("reset", "recurrent", "decay"),
        ("decay", "recurrent", "reset"),
    )
)


def layer(**values):
    """Parameters of a neuron: times where the value has a unit."""
    return {k: Parameter("layer", ms, v) if hasattr(v, "dim") else Parameter("layer", 1, v) for k, v in values.items()}


W = {"w": Parameter(axes="post pre", initial="uniform(0, 1)")}


def adlif(scheme):
    return NeuronModel(
        name="AdLIF",
        on_pre="u_post += w",
        neuron="""du/dt = -u/tau_u - a_w/tau_u : 1
        da_w/dt = (a*u - a_w)/tau_w : 1
        v = u : 1""",
        threshold="v > theta",
        reset="u -= theta; a_w += b",
        scheme=scheme,
        parameters=W | layer(tau_u=8 * ms, tau_w=30 * ms, a=0.6, b=0.2, theta=1.0),
    )


def crossing():
    """Spikes where v crosses, with a surrogate."""
    return replace(adlif("symplectic_euler"), name="Crossing", refractory="v > theta", reset="a_w += b")


def adex(scheme):
    """In units of the slope, with exponents small enough for a step. Exponential Euler takes no power of v: there, it is of x."""
    of = "x" if scheme == "exponential_euler" else "v"
    return NeuronModel(
        name="AdEx",
        on_pre="g_post += w",
        neuron=f"""dv/dt = (-v + exp({of} - 2) - x + g*(4 - v))/tau_m : 1 (unless refractory)
        dg/dt = -g/tau_s : 1 (unless refractory)
        dx/dt = (a*v - x)/tau_w : 1""",
        threshold="v > theta",
        reset="v = v_r; x += b",
        refractory="t_ref",
        scheme=scheme,
        parameters=W | layer(tau_m=10 * ms, tau_s=5 * ms, tau_w=50 * ms, t_ref=3 * ms, a=0.2, b=0.5, theta=2.5, v_r=-0.5),
    )


def graded():
    """No spikes and no surrogate: the output is a value; an event is where it crosses."""
    return NeuronModel(
        name="Graded",
        on_pre="y_post += w",
        neuron="""dv/dt = (-v + gain*tanh(v - x) + y)/tau : 1
        dx/dt = (v - x)/(10*tau) : 1
        dy/dt = -y/tau : 1
        out = clip(v, 0, 1) : 1""",
        threshold="v > 0.5",
        refractory="v > 0.5",
        output="out",
        scheme="rk2",
        parameters=W | layer(tau=10 * ms, gain=1.8),
    )


def summed(scheme="exponential_euler"):
    """States in synapses: the neuron sees their sum, in the step before."""
    return NeuronModel(
        name="Summed",
        synapse="dI/dt = -I/tau_syn : 1",
        on_pre="I += w",
        neuron="""du/dt = (-u + I_syn*(1.5 - u))/tau_m : 1
        v = u + 0.05*I_syn : 1""",
        threshold="v > theta",
        reset="u = 0",
        scheme=scheme,
        parameters={**W, "tau_syn": Parameter("post pre", ms, 10 * ms), **layer(tau_m=10 * ms, theta=0.6)},
    )


def everything():
    """Every operation that a tape may hold."""
    return NeuronModel(
        name="Everything",
        on_pre="u_post += w",
        neuron="""du/dt = (-u + 0.1*(sin(u) + cos(a*u)*tan(0.3*u) + sinh(0.2*u)/cosh(0.2*u) + tanh(u) + exp(-u**2) + expm1(0.1*u)
          + exprel(0.2*u) + log(2 + u**2) + log10(3 + u**2) + log1p(u**2) + sqrt(1 + u**2) + arcsin(0.9*sin(u)) + arccos(0.9*cos(b*u))
          + arctan(u) + abs(u) + sign(u) + floor(u) + ceil(u) + u % 0.7 + clip(u, -0.5, 0.5) + (2 + u**2)**a + (1 + b)**u
          + int(u > 0.3)*u + int(u <= 0.1 and not (u < -0.2) or u >= 1) + int(u != b)))/tau : 1
        v = u : 1""",
        threshold="v > theta",
        reset="u = 0.2*u",
        scheme="euler",
        parameters=W | layer(tau=10 * ms, a=1.3, b=0.7, theta=0.9),
    )


@dataclass
class Case:
    """Arguments of a step scan, and the leaves that derivatives are taken for."""

    arguments: tuple
    settings: dict
    leaves: dict = field(default_factory=dict)

    def run(self, scan, record=()):
        return scan(*self.arguments, StepOptions(**self.settings, record=record))


SIZE = {"AdEx": 1.5, "Summed": 0.6, "AdLIF": 2.0, "Crossing": 2.0}
PROPAGATOR = {"exact0 phi u u": 0.85, "exact0 phi a_w a_w": 0.9, "exact0 phi u a_w": -0.1}


def make(
    model,
    *,
    order=ORDERS[0],
    jumps="w",
    n_steps=60,
    n_batch=3,
    n=5,
    dtype=torch.float64,
    fresh=True,
    recurrent="",
    surrogate=SURROGATES[2],
    seed=0,
    reset_gradient=True,
):
    """A case. ``recurrent`` is "", "jumps", "synaptic" or "shared"."""
    generator = torch.Generator().manual_seed(seed)
    program = stepped(model, order)
    leaves = {}

    def leaf(name, value):
        leaves[name] = value.detach().to(dtype).contiguous().requires_grad_()
        return leaves[name]

    def random(*shape):
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    size = SIZE.get(model.name, 0.5)
    constants = {}
    spec = NetworkSpec(dt="1 ms", n_input=1, layers=[Layer(model, 1)])
    values = {k: float(np.ravel(v)[0]) for k, v in neuron_values(spec, "layer_1", spec.initial_values(0)).items()}
    for name in program.constants:
        base = values.get(name, PROPAGATOR.get(name, 0.1))  # the entries of propagators may be any numbers
        constants[name] = leaf(name, torch.tensor(base) if name == "dt" else base * (1 + 0.1 * (random(n) - 0.5)))
    states = {x: leaf(f"begin {x}", 0.02 * random(n_batch, n)) for x in program.states}
    arriving = (random(n_steps, n_batch, n) < 0.3) * random(n_steps, n_batch, n) * size
    on = next((jump.target.removesuffix("_post") for jump in model.on_pre_jumps if jump.target.endswith("_post")), None)
    fed = {on: leaf("jumps", arriving)} if on else {}
    sums, sum_drive, carried, paths = {}, {}, {}, {}
    for name in program.sums:
        sums[name] = leaf(f"begin {name}", 0.1 * random(n_batch, n))
        sum_drive[name] = leaf(f"drive {name}", arriving * 8)
        if recurrent in ("synaptic", "shared"):
            rho = 0.5 + 0.4 * random(n, n if recurrent == "synaptic" else 1)
            paths[name] = DecayPath(leaf("amplitude", 0.3 * random(n, n) - 0.1), leaf("rho", rho))
            carried[name] = leaf("carried", 0.0 * random(n_batch, n, n) if fresh else 0.1 * random(n_batch, n, n))
    loops = {on: leaf("w", size * (random(n, n) - 0.4))} if on and recurrent == "jumps" else {}
    spiked = torch.zeros(n_batch, n) if fresh else (random(n_batch, n) < 0.3).double()
    spikes = leaf("spikes", spiked) if not model.output else spiked.to(dtype)
    since = torch.where(spiked > 0, 0, NEVER if fresh else 2).to(torch.int64)
    active = torch.ones(n_batch, n, dtype=torch.bool) & ~(spiked > 0 if model.refractory else torch.zeros(n_batch, n, dtype=torch.bool))
    period = None if model.refractory_period is None else torch.full((n,), 3.0)
    settings = dict(
        scale=torch.tensor(0.8, dtype=dtype),
        theta=torch.tensor(1.2, dtype=dtype),
        refractory=period,
        fresh=fresh,
        reset_gradient=reset_gradient,
    )
    drive = Drive(fed, sum_drive, loops, paths)
    return Case((program, constants, drive, Carried(states, sums, carried, spikes, since, active), surrogate), settings, leaves)


def tensors(result):
    """Name -> every tensor of a result that may have derivatives."""
    found = {f.name: getattr(result, f.name) for f in fields(result) if f.name in ("z", "v", "output")}
    found |= {f"trace {k}": x for k, x in result.traces.items()}
    for part in ("states", "sums", "recurrent"):
        found |= {f"end {part} {k}": x for k, x in getattr(result.end, part).items()}
    found["end spikes"] = result.end.spikes
    return {k: x for k, x in found.items() if x is not None}


def gradients(case, result, only=None, seed=1):
    """Name -> derivative of a random combination of what comes out, or of those in ``only``."""
    generator = torch.Generator().manual_seed(seed)
    loss = 0.0
    for name, value in tensors(result).items():
        weights = torch.randn(value.shape, generator=generator, dtype=torch.float64).to(value.dtype)
        if value.requires_grad and (only is None or any(name.startswith(part) for part in only)):
            loss = loss + (weights * value).sum()
    found = torch.autograd.grad(loss, list(case.leaves.values()), allow_unused=True)
    return {k: torch.zeros_like(x) if g is None else g for (k, x), g in zip(case.leaves.items(), found, strict=True)}

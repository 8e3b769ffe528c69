"""The adaptive leaky neuron AdLIF: exact in continuous time, and in the three discrete forms that are published.

All have the same equations, tau_u du/dt = -u + I - w_a and tau_w dw_a/dt = -w_a + q a u, and differ in which u, w_a and spike a step sees.
With alpha = exp(-dt/tau_u) and beta = exp(-dt/tau_w), z the spikes, and u set to 0 after a spike in all but the last:

    Euler forward   u[t] = alpha u[t-1] + (1 - alpha) (I[t] - w_a[t-1])
                    w_a[t] = beta w_a[t-1] + (1 - beta) q (a u[t-1] + b z[t-1])
    symplectic      u[t] the same
                    w_a[t] = beta w_a[t-1] + (1 - beta) q (a u[t] + b z[t])
    sparch          w_a[t] = beta w_a[t-1] + a u[t-1] + b z[t-1]
                    u[t] = alpha (u[t-1] - z[t-1]) + (1 - alpha) (I[t] - w_a[t])

Their input is a current of one step, a jump of (1 - alpha) w. The publications count time in steps; here one is 1 ms. Spikes are where
u >= theta there, u > theta here.
"""

from dataclasses import replace

from brian2 import ms, us

from ..spec import DEFAULT_STEP_ORDER, RESET_FIRST, UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

_PARAMETERS = {
    "w": Parameter(axes="post pre", initial=FanInNormal(20.0), bounds=UNBOUNDED, trainable=True),
    "bias": Parameter(axes="post", initial=0.0, bounds=UNBOUNDED, trainable=True),
    "tau_u": Parameter(axes="post", unit=ms, initial=Uniform(5 * ms, 25 * ms), bounds=(5 * ms, 25 * ms), trainable=True),
    "tau_w": Parameter(axes="post", unit=ms, initial=Uniform(60 * ms, 300 * ms), bounds=(60 * ms, 300 * ms), trainable=True),
    "a": Parameter(axes="post", initial=Uniform(0.0, 1.0), bounds=(0.0, 1.0), trainable=True),
    "b": Parameter(axes="post", initial=Uniform(0.0, 2.0), bounds=(0.0, 2.0), trainable=True),
    "q": Parameter(axes="layer", initial=120.0),
    "theta": Parameter(axes="layer", initial=1.0),
}
_PAPER = "Baronig et al. 2025 (Nat. Commun. 16:5776)"

# u and w_a are coupled, and oscillate where 4 q a tau_u tau_w > (tau_w - tau_u)^2. A spike adds what one step of 1 ms adds in the paper.
AdLIF = NeuronModel(
    name="AdLIF",
    on_pre="u_post += w",
    neuron="""
        du/dt = (bias - u - w_a)/tau_u : 1
        dw_a/dt = (q*a*u - w_a)/tau_w : 1
        v = u : 1
        """,
    threshold="v > theta",
    reset="u = 0; w_a += q*b/tau_w",
    parameters={
        **_PARAMETERS,
        "w": Parameter(axes="post pre", initial=FanInNormal(1.0), bounds=UNBOUNDED, trainable=True),
        "b": Parameter(axes="post", unit=ms, initial=Uniform(0 * ms, 2 * ms), bounds=(0 * ms, 2 * ms), trainable=True),
    },
    reference=f"{_PAPER}, the continuous model; input as jumps of u",
    step_order=RESET_FIRST,
)

# z_old is 1 for the one step after a spike: the old w_a, without b, is what u sees. It is gone in the next step: exp(-dt/tau_z) is 0.
EulerAdLIF = replace(
    AdLIF,
    name="EulerAdLIF",
    on_pre="u_post += w*(1 - exp(-dt/tau_u_post))",
    neuron="""
        du/dt = (bias - u - w_a)/tau_u : 1
        dw_a/dt = (q*(a*u + b*z_old) - w_a)/tau_w : 1
        dz_old/dt = -z_old/tau_z : 1
        v = u : 1
        """,
    reset="u = 0; z_old = 1",
    scheme="exponential_euler",
    initial={"u": "bias*(1 - exp(-dt/tau_u))"},  # nothing decays in a recording's first step, but the bias drives it
    parameters={**_PARAMETERS, "q": Parameter(axes="layer", initial=60.0), "tau_z": Parameter(axes="layer", unit=us, initial=0.1 * us)},
    reference=f"{_PAPER}, Euler-forward AdLIF",
)

# One step late: this w_a is the published w_a of the step before, made from u and z of that step just before u needs it. A jump that comes
# before the decay is divided by it: (1 - beta)/beta is exp(dt/tau_w) - 1.
SymplecticAdLIF = replace(
    AdLIF,
    name="SymplecticAdLIF",
    on_pre="u_post += w*(1 - exp(-dt/tau_u_post))",
    neuron="""
        dw_a/dt = (q*a*u - w_a)/tau_w : 1
        du/dt = (bias - u - w_a)/tau_u : 1
        v = u : 1
        """,
    reset="u = 0; w_a += q*b*(exp(dt/tau_w) - 1)",
    scheme="symplectic_euler",
    initial={"u": "bias*(1 - exp(-dt/tau_u))"},
    parameters=_PARAMETERS,
    reference=f"{_PAPER}, SE-adLIF",
)

# The reset comes after the decay, so it takes from u what one step has left of theta and has added of b.
SparchAdLIF = replace(
    SymplecticAdLIF,
    name="SparchAdLIF",
    step_order=DEFAULT_STEP_ORDER,
    neuron="""
        dw_a/dt = (a*u/(1 - exp(-dt/tau_w)) - w_a)/tau_w : 1
        du/dt = (bias - u - w_a)/tau_u : 1
        v = u : 1
        """,
    reset="u -= theta*exp(-dt/tau_u) + b*(1 - exp(-dt/tau_u)); w_a += b",
    parameters={
        **{name: p for name, p in _PARAMETERS.items() if name != "q"},
        "tau_w": Parameter(axes="post", unit=ms, initial=Uniform(30 * ms, 120 * ms), bounds=(30 * ms, 120 * ms), trainable=True),
        # published from -1 on, but below -(1 - beta) adaptation feeds itself, and v grows without end
        "a": Parameter(axes="post", initial=Uniform(0.0, 1.0), bounds=(-1.0, 1.0), trainable=True),
    },
    reference="Bittar and Garner 2022 (Front. Neurosci.), adLIF as in its code sparch; states begin at 0 and not at random, input is not "
    "normalised over batches; V has no diagonal with self_connections=False",
)

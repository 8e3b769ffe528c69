"""Models that are stepped, for tests: one of every kind of step, reset, refractoriness and synapse."""

from brian2 import ms, mV, nS, pA, pF

from hetsyn_sim.spec import UNBOUNDED, NeuronModel, Parameter

WEIGHT = Parameter(axes="post pre", initial="normal(0, 1)", bounds=UNBOUNDED, trainable=True)


def layer(unit, value, **facts):
    return Parameter(axes="layer", unit=unit, initial=value, bounds=UNBOUNDED, trainable=True, **facts)


def adex(scheme="rk2"):
    return NeuronModel(
        name="AdExOfTests",
        on_pre="g_post += w",
        neuron="""dv/dt = (g_L*(E_L - v) + g_L*Delta*exp((v - V_T)/Delta) - w_a + g*(E_e - v))/C : volt (unless refractory)
            dg/dt = -g/tau_g : siemens
            dw_a/dt = (a*(v - E_L) - w_a)/tau_w : amp""",
        threshold="v > V_cut",
        reset="v = V_r; w_a += b",
        refractory="t_ref",
        scheme=scheme,
        initial={"v": "E_L"},
        parameters={
            "w": Parameter(axes="post pre", unit=nS, initial="uniform(0 nS, 20 nS)", bounds=(0 * nS, 100 * nS), trainable=True),
            "C": layer(pF, 281 * pF),
            "g_L": layer(nS, 30 * nS),
            "E_L": layer(mV, -70 * mV),
            "V_T": layer(mV, -50 * mV),
            "Delta": layer(mV, 2 * mV),
            "V_cut": layer(mV, -40 * mV),
            "V_r": layer(mV, -70 * mV),
            "E_e": layer(mV, 0 * mV),
            "a": layer(nS, 4 * nS),
            "b": layer(pA, 80 * pA),
            "tau_g": layer(ms, 5 * ms),
            "tau_w": layer(ms, 144 * ms),
            "t_ref": Parameter(axes="layer", unit=ms, initial=2 * ms),
        },
    )


#: Oscillates below its threshold: complex eigenvalues.
RESONATOR = NeuronModel(
    name="ResonatorOfTests",
    synapse="dI/dt = -I/tau_syn : 1",
    on_pre="I += w",
    neuron="""du/dt = (-u + I_syn - q)/tau_mem : 1
        dq/dt = (a*u - q)/tau_adapt : 1
        v = u : 1""",
    threshold="v > theta",
    reset="u = 0; q += b",
    parameters={
        "w": WEIGHT,
        "tau_syn": Parameter(axes="post pre", unit=ms, initial="uniform(3 ms, 20 ms)", bounds=(1 * ms, 100 * ms), trainable=True),
        "tau_mem": Parameter(axes="post", unit=ms, initial="uniform(5 ms, 20 ms)", bounds=(1 * ms, 100 * ms), trainable=True),
        "tau_adapt": Parameter(axes="post", unit=ms, initial="uniform(30 ms, 60 ms)", bounds=(1 * ms, 300 * ms), trainable=True),
        "a": Parameter(axes="post", initial=30.0, bounds=(0.0, 100.0), trainable=True),
        "b": Parameter(axes="post", initial=0.5, bounds=(0.0, 2.0), trainable=True),
        "theta": Parameter(axes="layer", initial=0.3),
    },
)

#: Spikes where it crosses; rates that are 0/0 somewhere; no reset.
SODIUM = NeuronModel(
    name="SodiumOfTests",
    on_pre="v_post += w",
    neuron="""dv/dt = (g_L*(E_L - v) + g_Na*m**3*(E_Na - v) + g_K*n*(E_K - v))/C : volt
        dm/dt = (m_inf - m)/tau_m : 1
        dn/dt = (n_inf - n)/tau_n : 1
        m_inf = 1/(1 + exp(-(v - V_m)/k_m)) : 1
        n_inf = 1/(1 + exp(-(v - V_n)/k_m)) : 1""",
    threshold="v > V_up",
    refractory="v > V_up",
    scheme="exponential_euler",
    initial={"v": "E_L", "m": "1/(1 + exp(-(E_L - V_m)/k_m))"},
    parameters={
        "w": Parameter(axes="post pre", unit=mV, initial="uniform(0 mV, 12 mV)", bounds=(0 * mV, 50 * mV), trainable=True),
        "C": layer(pF, 100 * pF),
        "g_L": layer(nS, 10 * nS),
        "g_Na": layer(nS, 120 * nS),
        "g_K": layer(nS, 150 * nS),
        "E_L": layer(mV, -70 * mV),
        "E_Na": layer(mV, 50 * mV),
        "E_K": layer(mV, -90 * mV),
        "V_m": layer(mV, -35 * mV),
        "V_n": layer(mV, -30 * mV),
        "k_m": layer(mV, 6 * mV),
        "tau_m": layer(ms, 0.3 * ms),
        "tau_n": layer(ms, 5 * ms),
        "V_up": Parameter(axes="layer", unit=mV, initial=-20 * mV),
    },
)

#: Graded: takes values and hands on values.
GRADED = NeuronModel(
    name="GradedOfTests",
    synapse="I = w*x_pre : 1",
    on_pre="",
    neuron="""dv/dt = (-v + I_syn + a_f*tanh(v) - a_s*tanh(u) - 2)/tau_mem : 1
        du/dt = (v - u)/tau_s : 1
        s = clip(v/2, 0, 1) : 1""",
    threshold="v > theta",
    refractory="v > theta",
    scheme="euler",
    output="s",
    initial={"v": "-1.9 + 0*a_f"},
    parameters={
        "w": WEIGHT,
        "a_f": Parameter(axes="post", initial=2.0, bounds=(0.0, 4.0), trainable=True),
        "a_s": Parameter(axes="post", initial=2.0, bounds=(0.0, 4.0), trainable=True),
        "tau_mem": Parameter(axes="layer", unit=ms, initial=1 * ms),
        "tau_s": Parameter(axes="layer", unit=ms, initial=50 * ms),
        "theta": Parameter(axes="layer", initial=0.0),
    },
)

GRADED_READOUT = NeuronModel(
    name="GradedReadoutOfTests",
    synapse="dJ/dt = (w*x_pre - J)/tau_syn : 1",
    on_pre="",
    neuron="v = J_syn : 1",
    parameters={
        "w": WEIGHT,
        "tau_syn": Parameter(axes="post pre", unit=ms, initial="uniform(5 ms, 20 ms)", bounds=(1 * ms, 100 * ms), trainable=True),
    },
)

"""Hodgkin and Huxley's equations with the channels of a hippocampal neuron (Traub and Miles)."""

from brian2 import ms, mV, nS, pA, pF, uS

from ..spec import NeuronModel, Parameter, Uniform

# opening and closing rates of the gates in 1/ms, u being the voltage from V_T in mV; x/(exp(x) - 1) is written as 1/exprel(x)
_OPENING = {"m": "1.28/exprel((13 - {u})/4)", "h": "0.128*exp((17 - {u})/18)", "n": "0.16/exprel((15 - {u})/5)"}
_CLOSING = {"m": "1.4/exprel(({u} - 40)/5)", "h": "4/(1 + exp((40 - {u})/5))", "n": "0.5*exp((10 - {u})/40)"}
_GATES = "\n".join(
    f"""
    d{x}/dt = (opening_{x}*(1 - {x}) - closing_{x}*{x})/t_1 : 1
    opening_{x} = {_OPENING[x].format(u="u")} : 1
    closing_{x} = {_CLOSING[x].format(u="u")} : 1
    """
    for x in _OPENING
)
_AT_REST = {x: (_OPENING[x].format(u="(E_L - V_T)/V_1"), _CLOSING[x].format(u="(E_L - V_T)/V_1")) for x in _OPENING}

# A spike is the moment in which v crosses V_th, and changes nothing: the channels do the reset.
HodgkinHuxley = NeuronModel(
    name="HodgkinHuxley",
    on_pre="g_ampa_post += w_ampa; g_gaba_post += w_gaba",
    neuron=f"""
        dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v) + I_s + I_0)/C : volt
        I_s = g_ampa*(E_ampa - v) + g_gaba*(E_gaba - v) : amp
        u = (v - V_T)/V_1 : 1
        {_GATES}
        dg_ampa/dt = -g_ampa/tau_ampa : siemens
        dg_gaba/dt = -g_gaba/tau_gaba : siemens
        """,
    threshold="v > V_th",
    refractory="v > V_th",
    initial={"v": "E_L", **{x: f"({opening})/({opening} + {closing})" for x, (opening, closing) in _AT_REST.items()}},
    scheme="exponential_euler",
    parameters={
        "w_ampa": Parameter(axes="post pre", unit=nS, initial=Uniform(0 * nS, 12 * nS), bounds=(0 * nS, 100 * nS), trainable=True),
        "w_gaba": Parameter(axes="post pre", unit=nS, initial=Uniform(0 * nS, 6 * nS), bounds=(0 * nS, 500 * nS), trainable=True),
        "tau_ampa": Parameter(axes="post", unit=ms, initial=5 * ms, bounds=(0.5 * ms, 50 * ms), trainable=True),
        "tau_gaba": Parameter(axes="post", unit=ms, initial=10 * ms, bounds=(0.5 * ms, 100 * ms), trainable=True),
        "I_0": Parameter(axes="post", unit=pA, initial=0 * pA),
        "C": Parameter(axes="layer", unit=pF, initial=200 * pF),
        "g_L": Parameter(axes="post", unit=nS, initial=10 * nS, bounds=(1 * nS, 100 * nS), trainable=True),
        "g_Na": Parameter(axes="post", unit=uS, initial=20 * uS, bounds=(1 * uS, 100 * uS), trainable=True),
        "g_K": Parameter(axes="post", unit=uS, initial=6 * uS, bounds=(0.5 * uS, 50 * uS), trainable=True),
        "E_L": Parameter(axes="layer", unit=mV, initial=-65 * mV),
        "E_Na": Parameter(axes="layer", unit=mV, initial=50 * mV),
        "E_K": Parameter(axes="layer", unit=mV, initial=-90 * mV),
        "E_ampa": Parameter(axes="layer", unit=mV, initial=0 * mV),
        "E_gaba": Parameter(axes="layer", unit=mV, initial=-80 * mV),
        "V_T": Parameter(axes="layer", unit=mV, initial=-63 * mV),
        "V_th": Parameter(axes="layer", unit=mV, initial=-20 * mV),
        "V_1": Parameter(axes="layer", unit=mV, initial=1 * mV),
        "t_1": Parameter(axes="layer", unit=ms, initial=1 * ms),
    },
    reference="Hodgkin and Huxley 1952 (J. Physiol.), eq. 26; Gerstner et al. 2014 (Neuronal Dynamics), section 2.2. Channels of Traub and "
    "Miles 1991 as in Brette et al. 2007 (J. Comput. Neurosci.), benchmark 3 (COBAHH), with its values for an area of 20000 um2",
)
